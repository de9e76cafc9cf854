/** ProcessingActivity: what an authority does with a model, for what purpose and on what basis. Typed once, referenced everywhere. */
import { z } from "zod";
import { AGE, conditionColumn, defineKind, withRules, type CustomResource } from "../define.ts";
import { conditions, country, listMap, listSet, observedGeneration, orNone, text, word } from "../fields.ts";

const DATA_KINDS = ["None", "Personal", "SpecialCategory", "CriminalOffence", "Social", "TaxSecrecy"] as const;
/** Data whose processing at this scale calls for an impact assessment first (Art. 35(3)(b) GDPR; § 35 SGB I; § 30 AO). */
const SENSITIVE: readonly string[] = ["SpecialCategory", "CriminalOffence", "Social", "TaxSecrecy"];

const processor = z.object({
  name: text(128, "Name of the processor (Auftragsverarbeiter)."),
  country: country("Country in which the processing takes place."),
  controlledFrom: country("Country whose law can compel the processor or its parent company to hand out data. Not always the country of processing."),
}).describe("One processor under Art. 28 GDPR.");

const risk = withRules(z.object({
  level: z.enum(["Minimal", "Limited", "High"]).describe(
    "Risk class under the AI Act (Regulation (EU) 2024/1689): Limited carries duties of transparency (Art. 50), High those of Art. 26 and 27. There is no value for prohibited practices (Art. 5)."),
  assessmentReference: z.exactOptional(text(128,
    "File reference of the impact assessment (Datenschutz-Folgenabschätzung, Art. 35 GDPR; fundamental rights, Art. 27 AI Act). Required for sensitive data kinds and for risk level High.")),
  evaluationReference: z.exactOptional(text(128, "File reference of the evaluation of the model for this purpose (Eignungsprüfung).")),
  staffCouncilReference: z.exactOptional(text(128, "File reference of the staff council's participation (Personalratsbeteiligung).")),
}), {
  cel: "self.level != 'High' || has(self.assessmentReference)",
  message: "name the impact assessment: risk level High needs assessmentReference",
  fieldPath: ".assessmentReference",
  holds: (self) => self.level !== "High" || self.assessmentReference !== undefined,
}).describe("Risk class and the file references that go with it. References only: the documents stay in the register.");

const spec = withRules(z.object({
  title: text(128, "Name of the activity as it stands in the record of processing activities (Verzeichnis von Verarbeitungstätigkeiten, Art. 30 GDPR)."),
  controller: z.object({
    name: text(128, "Name of the controller (Verantwortlicher), for example the municipality."),
    contact: text(254, "Where the data protection officer is reached: the address of an office, never of a person."),
  }).describe("Who decides on purposes and means (Art. 4(7) GDPR)."),
  processors: orNone(listMap(processor, "name", { max: 16, description: "Who processes on the controller's behalf. Without it the controller runs everything itself." })),
  purpose: text(512, "What the model is used for, in a sentence that a citizen understands."),
  legalBasis: z.exactOptional(text(256, "Legal basis (Rechtsgrundlage), for example Art. 6(1)(e) GDPR with § 3 DSG NRW. Required unless dataKinds is None.")),
  dataSubjects: z.exactOptional(listSet(word(/^[A-Z][A-Za-z0-9]*$/, 63, "A group of persons, in CamelCase, for example Citizens."), {
    min: 1, max: 16, description: "Groups of persons whose data are processed, for example Staff or Citizens. Required unless dataKinds is None.",
  })),
  dataKinds: listSet(z.enum(DATA_KINDS).describe("A kind of data."), {
    min: 1, max: DATA_KINDS.length,
    description: "Kinds of data that prompts and answers may hold: None (no personal data, alone), Personal, SpecialCategory (Art. 9 GDPR), CriminalOffence (Art. 10 GDPR), Social (Sozialdaten, § 67 SGB X), TaxSecrecy (Steuergeheimnis, § 30 AO).",
  }),
  confidentiality: z.enum(["Public", "Internal", "Confidential", "Restricted"]).describe(
    "Protection level of what is processed. Restricted is VS-NUR FÜR DEN DIENSTGEBRAUCH."),
  decisionPhase: z.enum(["None", "Preparing", "Deciding"]).describe(
    "Part that answers play in decisions about persons: None, Preparing (a person decides, the model drafts), Deciding (the answer is the decision; Art. 22 GDPR, § 35a VwVfG)."),
  legalAuthorisation: z.exactOptional(text(256, "The law that allows automated decisions (Art. 22(2)(b) GDPR, § 35a VwVfG). Required when decisionPhase is Deciding.")),
  risk,
}),
{
  cel: "!('None' in self.dataKinds) || self.dataKinds.size() == 1",
  message: "remove None or everything beside it: None says that no personal data are processed",
  fieldPath: ".dataKinds",
  holds: (self) => !self.dataKinds.includes("None") || self.dataKinds.length === 1,
},
{
  cel: "'None' in self.dataKinds || has(self.legalBasis)",
  message: "name the legal basis: personal data may not be processed without one (Art. 6 GDPR)",
  fieldPath: ".legalBasis",
  holds: (self) => self.dataKinds.includes("None") || self.legalBasis !== undefined,
},
{
  cel: "'None' in self.dataKinds || has(self.dataSubjects)",
  message: "list the groups of persons whose data are processed (Art. 30(1)(c) GDPR)",
  fieldPath: ".dataSubjects",
  holds: (self) => self.dataKinds.includes("None") || self.dataSubjects !== undefined,
},
{
  cel: "!self.dataKinds.exists(kind, kind in ['SpecialCategory', 'CriminalOffence', 'Social', 'TaxSecrecy']) || has(self.risk.assessmentReference)",
  message: "name the impact assessment: sensitive data kinds need risk.assessmentReference (Art. 35 GDPR)",
  fieldPath: ".risk.assessmentReference",
  holds: (self) => !self.dataKinds.some((kind) => SENSITIVE.includes(kind)) || self.risk.assessmentReference !== undefined,
},
{
  cel: "self.decisionPhase != 'Deciding' || has(self.legalAuthorisation)",
  message: "name the law that allows automated decisions, or choose Preparing: Deciding needs legalAuthorisation (Art. 22 GDPR)",
  fieldPath: ".legalAuthorisation",
  holds: (self) => self.decisionPhase !== "Deciding" || self.legalAuthorisation !== undefined,
}).describe("The activity as its controller declares it.");

const status = z.object({
  conditions: conditions("Ready, Reconciling, Stalled"),
  observedGeneration: observedGeneration(),
}).describe("What the operator found.");

export const processingActivity = defineKind({
  kind: "ProcessingActivity",
  plural: "processingactivities",
  singular: "processingactivity",
  shortNames: ["pa"],
  namespaced: true,
  description:
    "A processing activity (Verarbeitungstätigkeit): who uses a model for what, on which legal basis, with which data. Model approvals and the clients of deployments refer to it. It holds file references, never data about a person.",
  spec,
  status,
  columns: [
    conditionColumn("Ready", "Ready", "status", "Whether the activity can be referred to"),
    { name: "Title", type: "string", jsonPath: ".spec.title", description: "Name in the record of processing activities" },
    { name: "Data", type: "string", jsonPath: ".spec.dataKinds", description: "Kinds of data processed" },
    { name: "Risk", type: "string", jsonPath: ".spec.risk.level", description: "Risk class under the AI Act" },
    { name: "Decision", type: "string", jsonPath: ".spec.decisionPhase", description: "Part that answers play in decisions" },
    AGE,
    { name: "Controller", type: "string", jsonPath: ".spec.controller.name", description: "Who is responsible", wide: true },
    { name: "Assessment", type: "string", jsonPath: ".spec.risk.assessmentReference", description: "File reference of the impact assessment", wide: true },
  ],
  selectableFields: [".spec.confidentiality", ".spec.decisionPhase", ".spec.risk.level"],
});

export type ProcessingActivity = CustomResource<typeof processingActivity>;
