/** The table of everything that the rules let a subject reach, each row with the ground on which it may. */
import type { Policy } from "../../sovereignty/policy.ts";
import type { AddressTraffic, Allowed, PodTraffic, SubjectProof } from "../../sovereignty/prover/result.ts";
import type { Verdict } from "../../sovereignty/verdict.ts";
import { table, type Scene } from "../components.ts";
import { addresses, capital, code, codes, ports } from "../format.ts";
import { html, type Content } from "../html.ts";

type Row = readonly Content[];

/** @param name of the subject */
export function allowedTable({ allowed, verdict }: SubjectProof, name: Content, policy: Policy | undefined, scene: Scene): Content {
  if (allowed === undefined) return undefined;
  const { subject: words } = scene.texts;
  const rows = [...outsideRows(allowed, verdict, scene), ...clusterRows(allowed, scene), ...destinationRows(allowed, policy, scene), ...podRows(allowed, scene)];
  if (rows.length === 0) return html`<p>${words.nothingAllowed}</p>`;
  const { target, addresses: where, ports: which, ground } = words.columns;
  return table({ caption: [words.allowedCaption, " ", name], columns: [target, where, which, ground], rows });
}

const trafficRow = (what: Content, traffic: AddressTraffic, ground: Content, { texts }: Scene): Row => [what, addresses(traffic.addresses, texts), ports(traffic.ports, texts), ground];

/** What no policy allows comes first, the public network before all. Without a counterexample it is rules that cannot be understood that count as if they let it through. */
function outsideRows({ outside }: Allowed, verdict: Verdict, scene: Scene): Row[] {
  const { terms, subject } = scene.texts;
  const { outside: no, unclear } = subject.grounds;
  const ground = verdict === "REFUTED" ? html`<strong class="bad-word">${no}</strong>` : html`<strong class="open-word">${unclear}</strong>`;
  const sorted = [...outside.filter((one) => one.class === "Global"), ...outside.filter((one) => one.class !== "Global")];
  return sorted.flatMap(({ class: of, traffic }) => traffic.map((one) => trafficRow(capital(terms.addressClasses[of]), one, ground, scene)));
}

function clusterRows({ cluster, dns }: Allowed, scene: Scene): Row[] {
  const { subject } = scene.texts;
  return [
    ...cluster.map((one) => trafficRow(subject.cluster, one, html`<strong class="open-word">${subject.grounds.cluster}</strong>`, scene)),
    ...dns.map((one) => trafficRow(subject.dns, one, subject.grounds.dns, scene)),
  ];
}

function destinationRows({ destinations }: Allowed, policy: Policy | undefined, scene: Scene): Row[] {
  return destinations.flatMap(({ name, traffic }) => traffic.map((one) => trafficRow(destinationName(name, policy, scene), one, scene.texts.subject.grounds.destination, scene)));
}

function destinationName(name: string, policy: Policy | undefined, { texts }: Scene): Content {
  const declared = policy?.destinations.find((one) => one.name === name);
  if (declared === undefined) return name;
  return html`${name}<div class="quiet">${texts.subject.runBy(declared.operator.name, texts.country(declared.country))}</div>`;
}

function podRows({ pods }: Allowed, { texts }: Scene): Row[] {
  return pods.map(({ namespaces, selector, ports: which, as }) => [
    podsWhere(namespaces, texts),
    selector === "" ? texts.subject.everyPod : code(selector),
    ports(which, texts),
    podGround(as, texts.terms.pods[as]),
  ]);
}

function podsWhere(namespaces: readonly string[], texts: Scene["texts"]): Content {
  const [first = "", ...others] = namespaces;
  if (first === "*") return texts.subject.podsAnywhere;
  return [texts.subject.podsIn, " ", others.length === 0 ? code(first) : codes(namespaces, texts)];
}

const podGround = (as: PodTraffic["as"], word: string): Content => (as === "Relay" ? html`<strong class="open-word">${word}</strong>` : word);
