/** Patterns of names in Kubernetes, as its own validation has them (apimachinery, util/validation); RE2 and JavaScript alike. */

/** RFC 1123 label: a namespace, for example. At most 63 characters. */
export const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

const SUBDOMAIN = String.raw`[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*`;

/** RFC 1123 subdomain: the name of most objects. At most 253 characters. */
export const DNS_SUBDOMAIN = new RegExp(`^${SUBDOMAIN}$`);

const PLAIN_NAME = "[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?";

/** The key of a label, an annotation or a taint: [prefix/]name. */
export const LABEL_KEY = new RegExp(`^(${SUBDOMAIN}/)?${PLAIN_NAME}$`);
/** Prefix 253, slash, name 63. */
export const LONGEST_KEY = 317;

/** The name of a resource that is not Kubernetes' own: prefix/name. */
export const EXTENDED_RESOURCE = new RegExp(`^${SUBDOMAIN}/${PLAIN_NAME}$`);

/** At most 63 characters. */
export const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

export const isLabelKey = (key: string): boolean => key.length <= LONGEST_KEY && LABEL_KEY.test(key);
export const isLabelValue = (value: string): boolean => value.length <= 63 && LABEL_VALUE.test(value);
