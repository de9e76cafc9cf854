/** The page of one namespace: the policy in force, each workload, any future pod, ways round. */
import type { Destination, InClusterPeer, Policy, Role } from "../../sovereignty/policy.ts";
import type { PlaceOf } from "../../sovereignty/datasets/places.ts";
import type { Finding, NamespaceProof } from "../../sovereignty/prover/result.ts";
import { anchor, facts, heading, statement, table, verdictMark, type Scene } from "../components.ts";
import type { ReportData } from "../data.ts";
import { addresses, code, declaredPorts, labels, message, rule, time } from "../format.ts";
import { html, type Content, type Safe } from "../html.ts";
import { badNewsFirst, flipsToTell, futurePodsOf, toSay, workloadsOf } from "../summary.ts";
import { flipTable } from "./changes.ts";
import { probeSection, observations } from "./enforcement.ts";
import { subjectAnchor, subjectName, subjectSection } from "./subject.ts";

/** Where a namespace is in a document of several. */
export const namespaceAnchor = (name: string): string => anchor("namespace", name);

export function namespacePage(found: NamespaceProof, data: ReportData, scene: Scene): Safe {
  const { namespace: words, frame, changes } = scene.texts;
  const policy = data.policies.get(found.namespace);
  const places = data.places.get(found.namespace) ?? [];
  const probes = data.probes.filter(({ namespace }) => namespace === found.namespace);
  const flips = flipsToTell(data).filter(({ namespace }) => namespace === found.namespace);
  return html`${heading(scene, 0, namespaceAnchor(found.namespace), words.title(found.namespace))}
${policy === undefined ? statement(["UNGOVERNED"], { ...words.claims, UNGOVERNED: words.ungoverned }, scene) : statement(toSay(found.verdict, [...found.workloads, ...found.labelSpace]), words.claims, scene)}
${observations({ guards: [], probes, places: new Map([[found.namespace, places]]) }, scene)}
${facts([[frame.asOf, time(data.time, scene.texts)], [frame.root, code(data.root)]])}
${policy === undefined ? undefined : policySection(policy, places, scene)}
${workloadSection(found, policy, scene)}
${labelSpaceSection(found, policy, scene)}
${findingSection(found.findings, scene)}
${probeSection(probes, scene)}
${flips.length === 0 ? undefined : [heading(scene, 1, `${scene.prefix}changes`, words.changes), flipTable(flips, changes.caption, scene)]}`;
}

function policySection(policy: Policy, places: readonly PlaceOf[], scene: Scene): Content {
  const { namespace: words, terms } = scene.texts;
  const { profile, foreignControl } = policy.jurisdictions;
  return [
    heading(scene, 1, `${scene.prefix}policy`, words.policy),
    html`<p>${words.policyNamed(policy.name)} ${terms.profiles[profile]} ${terms.foreignControl[foreignControl]}</p>`,
    heading(scene, 2, `${scene.prefix}destinations`, words.destinations.word),
    policy.destinations.length === 0 ? html`<p>${words.noDestinations}</p>` : destinationTable(policy.destinations, places, scene),
    heading(scene, 2, `${scene.prefix}peers`, words.peers.word),
    policy.inCluster.length === 0 ? html`<p>${words.noPeers}</p>` : peerTable(policy.inCluster, scene),
  ];
}

function destinationTable(destinations: readonly Destination[], places: readonly PlaceOf[], scene: Scene): Safe {
  const { texts } = scene;
  const { name, purpose, place, operator, addresses: where, ports: which, roles } = texts.namespace.destinationColumns;
  const rows = destinations.map((one) => [
    one.name, one.purpose, [texts.country(one.country), placeNote(places.find(({ destination }) => destination === one.name), scene)], operatorCell(one, scene), addresses(one.cidrs, texts), declaredPorts(one.ports, texts), roleWords(one.roles, scene),
  ]);
  return table({ caption: texts.namespace.destinations.means, columns: [name, purpose, place, operator, where, which, roles], rows });
}

/** What is declared, against what registries recorded. */
function placeNote(place: PlaceOf | undefined, { texts }: Scene): Content {
  if (place === undefined) return undefined;
  const { inside, outside, undetermined } = texts.namespace.places;
  const notes = [
    ...(place.outside.length === 0 ? [] : [html`<strong class="bad-word">${outside}</strong> ${addresses(place.outside, texts)}`]),
    ...(place.undetermined.length === 0 ? [] : [html`<strong class="open-word">${undetermined}</strong> ${addresses(place.undetermined, texts)}`]),
  ];
  if (notes.length > 0) return notes.map((note) => html`<div>${note}</div>`);
  return place.inside.length === 0 || place.special.length > 0 ? undefined : html`<div class="quiet">${inside}</div>`;
}

function operatorCell({ operator }: Destination, { texts }: Scene): Content {
  const { namespace: words } = texts;
  return html`${operator.name}, ${texts.country(operator.country)}<div class="quiet">${words.controlledFrom(texts.country(operator.controlledFrom))}</div>${operator.certification === undefined ? undefined : html`<div class="quiet">${words.certification(operator.certification)}</div>`}`;
}

const roleWords = (roles: readonly Role[], { texts }: Scene): string => roles.map((role) => texts.terms.roles[role].word).join(", ");

function peerTable(peers: readonly InClusterPeer[], scene: Scene): Safe {
  const { texts } = scene;
  const { name, namespace, pods, direction, ports: which, roles } = texts.namespace.peerColumns;
  const rows = peers.map((one) => [
    one.name, one.namespace, code(labels(one.podSelector.matchLabels)), texts.terms.directions[one.direction], declaredPorts(one.ports, texts), roleWords(one.roles, scene),
  ]);
  return table({ caption: texts.namespace.peers.means, columns: [name, namespace, pods, direction, which, roles], rows });
}

function workloadSection(found: NamespaceProof, policy: Policy | undefined, scene: Scene): Content {
  const { namespace: words, terms } = scene.texts;
  const title = heading(scene, 1, `${scene.prefix}workloads`, words.workloads);
  const workloads = badNewsFirst(workloadsOf(found));
  if (workloads.length === 0) return [title, html`<p>${words.noWorkloads}</p>`];
  const { workload, role, verdict } = words.workloadColumns;
  const rows = workloads.map((one) => [html`<a href="#${subjectAnchor(one)}">${subjectName(one, scene)}</a>`, terms.roles[one.role].word, verdictMark(one.verdict, scene.texts)]);
  return [title, table({ caption: words.workloadsCaption(workloads.length), columns: [workload, role, verdict], rows }), workloads.map((one) => subjectSection(one, policy, scene))];
}

function labelSpaceSection(found: NamespaceProof, policy: Policy | undefined, scene: Scene): Content {
  const pods = badNewsFirst(futurePodsOf(found));
  if (pods.length === 0) return undefined;
  const { word, means } = scene.texts.namespace.labelSpace;
  return [heading(scene, 1, `${scene.prefix}label-space`, word), html`<p>${means}</p>`, pods.map((one) => subjectSection(one, policy, scene))];
}

function findingSection(findings: readonly Finding[], scene: Scene): Content {
  if (findings.length === 0) return undefined;
  const { findings: words, findingColumns: columns } = scene.texts.namespace;
  const rows = findings.map(({ kind, at, message: text }) => {
    const { word, means } = scene.texts.terms.findings[kind];
    return [word, rule(at), [html`<div>${means}</div>`, message(text)]];
  });
  return [heading(scene, 1, `${scene.prefix}findings`, words.word), table({ caption: words.means, columns: [columns.kind, columns.object, columns.hint], rows })];
}
