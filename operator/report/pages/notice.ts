/** A page that says why there is none. */
import { heading, type Scene } from "../components.ts";
import { html, type Content, type Safe } from "../html.ts";
import type { Term } from "../texts/texts.ts";

export const notice = (scene: Scene, { word, means }: Term, after?: Content): Safe => html`${heading(scene, 0, "notice", word)}
<p>${means}</p>
${after}`;
