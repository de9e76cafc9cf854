/** What a proof rests on, and what it leaves open: on every page, for any of them may be printed alone. */
import { bullets, heading, type Scene } from "../components.ts";
import type { ReportData } from "../data.ts";
import { html, type Content } from "../html.ts";

export function takenForGranted({ proof }: ReportData, scene: Scene): Content {
  const { overview: words, terms } = scene.texts;
  return [
    heading(scene, 1, "assumptions", words.assumptions.word), html`<p>${words.assumptions.means}</p>`, bullets(proof.assumptions.map((one) => terms.assumptions[one])),
    heading(scene, 1, "residuals", words.residuals.word), html`<p>${words.residuals.means}</p>`, bullets(proof.residuals.map((one) => terms.residuals[one])),
  ];
}
