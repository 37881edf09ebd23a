"""Rows → structure. Frames in, frames of the same make out; what they are given they do not change."""
