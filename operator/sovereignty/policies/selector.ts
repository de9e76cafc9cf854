/** Label selectors (metav1.LabelSelector), as the API server evaluates them (apimachinery, `LabelSelectorAsSelector`). */

export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly Requirement[];
}

export interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

export type Labels = Readonly<Record<string, string>>;

/** Whether a selector takes an object with these labels. An empty one takes every object. */
export function selects({ matchLabels = {}, matchExpressions = [] }: LabelSelector, labels: Labels): boolean {
  return Object.entries(matchLabels).every(([key, value]) => valueOf(labels, key) === value) && matchExpressions.every((one) => holds(one, labels));
}

function holds({ key, operator, values = [] }: Requirement, labels: Labels): boolean {
  const value = valueOf(labels, key);
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    default:
      // An operator of a later Kubernetes: it may select, and a way out that may be there is one.
      return true;
  }
}

/** A label may be called `constructor`. */
const valueOf = (labels: Labels, key: string): string | undefined => (Object.hasOwn(labels, key) ? labels[key] : undefined);
