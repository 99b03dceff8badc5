/** The notice that the numbers shown are not those of the sliders' point. */

import { setText } from "./element.mjs";
import { addPart } from "./parts.mjs";

addPart({
  name: "stale-note",
  tag: "p",
  mount: (box) => {
    box.setAttribute("role", "alert");
    return box;
  },
  paint: (box, { notice }) => setText(box, notice),
});
