/** LanguageModel: weights that an authority has taken in, identified by what they are and not by where they lie. */
import { z } from "zod";
import { AGE, conditionColumn, defineKind, withRules, type CustomResource } from "../define.ts";
import { conditions, country, dnsSubdomain, manifestDigest, observedGeneration, text, word } from "../fields.ts";

const path = withRules(word(/^[A-Za-z0-9._][A-Za-z0-9._/-]*$/, 512,
  "Folder in the volume that holds the model's files, relative to the volume's root, without '..'. Default '.', the root itself."), {
  cel: "!self.split('/').exists(part, part == '..')",
  message: "remove '..': the path must stay inside the volume",
  holds: (self) => !self.split("/").includes(".."),
}).default(".");

const spec = z.object({
  displayName: text(128, "Name that people see, for example Mistral Small 3.2 24B Instruct."),
  source: z.object({
    persistentVolumeClaim: z.object({
      claimName: dnsSubdomain("Name of the PersistentVolumeClaim, in the same namespace. Serving pods mount it read-only."),
      path,
    }).describe("A volume that already holds the files. Whoever filled it answers for its contents; nothing is downloaded."),
  }).describe("Where the files come from."),
  integrity: z.object({
    manifestDigest: manifestDigest(
      "SHA-256 of the model's file manifest (the output of sha256sum over all files, sorted by path), as sha256: and 64 hexadecimal digits. Approvals are bound to this value; a change of it is another model and needs another approval."),
  }).describe("What the files must be, byte for byte."),
  provenance: z.object({
    publisher: text(128, "Who published the weights, for example Mistral AI."),
    originCountry: country("Country from which the publisher is controlled."),
    license: text(64, "Licence of the weights, as an SPDX identifier where there is one, for example Apache-2.0."),
    supplier: z.exactOptional(z.object({
      name: text(128, "Name of the supplier."),
      country: country("Country of the supplier's seat."),
    }).describe("From whom the files were taken over, if not from the publisher.")),
    trainingDataStatement: z.exactOptional(word(/^https?:\/\/[!-~]+$/, 1024,
      "Web address of the publisher's summary of the training content (Art. 53(1)(d) AI Act). Kept as evidence; nothing opens it.")),
  }).describe("Where the weights come from, for the record and for rules on origin."),
}).describe("The model as the authority took it in.");

const status = z.object({
  conditions: conditions("Ready, Approved, Reconciling, Stalled"),
  observedGeneration: observedGeneration(),
  digest: z.exactOptional(z.string().max(71).describe("Manifest digest under which the model is served; empty until the source is usable.")),
}).describe("What the operator found.");

export const languageModel = defineKind({
  kind: "LanguageModel",
  plural: "languagemodels",
  singular: "languagemodel",
  shortNames: ["lm"],
  namespaced: true,
  description:
    "A language model's weights with source, integrity and provenance. Serving pods mount them read-only and never download anything. A ModelApproval for the same manifest digest must exist before a pod may start with it.",
  spec,
  status,
  columns: [
    conditionColumn("Ready", "Ready", "status", "Whether deployments can use the model"),
    conditionColumn("Reason", "Ready", "reason", "Why it is or is not ready"),
    conditionColumn("Approved", "Approved", "status", "Whether a valid approval for these bytes exists"),
    { name: "Publisher", type: "string", jsonPath: ".spec.provenance.publisher", description: "Who published the weights" },
    { name: "Origin", type: "string", jsonPath: ".spec.provenance.originCountry", description: "Country from which the publisher is controlled" },
    { name: "License", type: "string", jsonPath: ".spec.provenance.license", description: "Licence of the weights" },
    AGE,
    { name: "Claim", type: "string", jsonPath: ".spec.source.persistentVolumeClaim.claimName", description: "Volume that holds the files", wide: true },
    { name: "Digest", type: "string", jsonPath: ".spec.integrity.manifestDigest", description: "What the files must be", wide: true },
  ],
  selectableFields: [".spec.integrity.manifestDigest", ".spec.provenance.originCountry", ".spec.source.persistentVolumeClaim.claimName"],
});

export type LanguageModel = CustomResource<typeof languageModel>;
