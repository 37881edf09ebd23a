import { render } from "preact";
import { Shell } from "./shell";
import { applyTheme, chosenTheme } from "./theme";

applyTheme(chosenTheme());
const place = document.getElementById("app");
if (place) render(<Shell />, place);
