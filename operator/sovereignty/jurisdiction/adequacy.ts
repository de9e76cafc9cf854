/**
 * Adequacy decisions of the European Commission as dated data. Whoever renews this list reads the Commission's page, changes
 * what has changed and sets CHECKED; a list that nobody has looked at for long is a finding of its own (judge.ts).
 *
 * On 2026-11-25 the entries of BR, GB, IL, KR and US were looked at once more, in what EUR-Lex, data protection authorities and
 * universities say of them; a stored copy of the Commission's page from before the decision on BR named all others and no further one. The official
 * texts themselves were at hand for IL and for the appeal against US alone.
 *
 * No decision covers processing by police and justice under Directive (EU) 2016/680, but for that of the United Kingdom.
 * That for the European Patent Organisation (2025) is about no country.
 */

export interface Adequacy {
  /** ISO 3166-1 alpha-2. */
  readonly code: string;
  /** Under Directive 95/46/EC, and in force by Art. 45(9) GDPR; or under Art. 45(3) GDPR itself. */
  readonly basis: "Art. 45(9) GDPR" | "Art. 45(3) GDPR";
  /** Everybody there; only some, by the kind of what they do; or only who is certified, by name. */
  readonly scope: "Full" | "Sector" | "Certified";
  /** Of the Commission, by number. */
  readonly decision: string;
  /** First day, YYYY-MM-DD. */
  readonly from: string;
  /** Last day, where the decision names one. */
  readonly until?: string;
  readonly source: string;
  /** Day on which somebody compared this entry with its source. */
  readonly checkedAt: string;
}

const SOURCE = "https://commission.europa.eu/law/law-topic/data-protection/international-dimension-data-protection/adequacy-decisions_en";
const CHECKED = "2026-11-22";

/** Kept in force by the Commission's report of 2024-01-15. */
const OLD = { basis: "Art. 45(9) GDPR", scope: "Full", source: SOURCE, checkedAt: CHECKED } as const;
const NEW = { basis: "Art. 45(3) GDPR", scope: "Full", source: SOURCE, checkedAt: CHECKED } as const;

/** By code. */
export const ADEQUACY: readonly Adequacy[] = [
  { ...OLD, code: "AD", decision: "2010/625/EU", from: "2010-10-19" },
  { ...OLD, code: "AR", decision: "2003/490/EC", from: "2003-06-30" },
  { ...NEW, code: "BR", decision: "(EU) 2026/179", from: "2026-01-26" },
  // Commercial organisations under PIPEDA.
  { ...OLD, code: "CA", decision: "2002/2/EC", from: "2001-12-20", scope: "Sector" },
  { ...OLD, code: "CH", decision: "2000/518/EC", from: "2000-07-26" },
  { ...OLD, code: "FO", decision: "2010/146/EU", from: "2010-03-05" },
  // Prolonged to 2025-12-27 and, on 2025-12-19, for six years; what is transferred for immigration control is covered since then.
  { ...NEW, code: "GB", decision: "(EU) 2021/1772", from: "2021-06-28", until: "2031-12-27" },
  { ...OLD, code: "GG", decision: "2003/821/EC", from: "2003-11-21" },
  // Automated processing, which is all that leaves a cluster; not the territories under Israeli administration since 1967.
  { ...OLD, code: "IL", decision: "2011/61/EU", from: "2011-01-31" },
  { ...OLD, code: "IM", decision: "2004/411/EC", from: "2004-04-28" },
  { ...OLD, code: "JE", decision: "2008/393/EC", from: "2008-05-08" },
  // Business operators under the APPI.
  { ...NEW, code: "JP", decision: "(EU) 2019/419", from: "2019-01-23", scope: "Sector" },
  // Neither missions of religious organisations nor nominations by political parties, nor credit information under the Financial Services Commission.
  { ...NEW, code: "KR", decision: "(EU) 2022/254", from: "2021-12-17", scope: "Sector" },
  { ...OLD, code: "NZ", decision: "2013/65/EU", from: "2012-12-19" },
  // EU-US Data Privacy Framework; upheld by T-553/23 of 2025-09-03; appeal C-703/25 P of 2025-10-31 (OJ C/2025/6610) pending when this was checked.
  { ...NEW, code: "US", decision: "(EU) 2023/1795", from: "2023-07-10", scope: "Certified" },
  { ...OLD, code: "UY", decision: "2012/484/EU", from: "2012-08-21" },
];
