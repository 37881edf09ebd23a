"""All evidence of a day on one scale: findings fused into leads, and the words of a lead."""
