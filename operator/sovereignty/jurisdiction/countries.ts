/**
 * Which country codes (ISO 3166-1 alpha-2) are inside the EU and the EEA.
 *
 * Outside of both is every third country of Chapter V GDPR. An adequacy decision makes a transfer there lawful and the
 * country no less third: adequacy.ts.
 */

/** The members of the European Union. */
const MEMBERS = "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE";

/**
 * Parts of members that have codes of their own and in which Union law holds (Art. 355(1) TFEU, Protocol 2 to the Act of
 * Accession of 1994): Åland, and the outermost regions of France. Overseas countries and territories such as GL, NC or AW,
 * and the Faroes (FO), are not among them (Art. 355(2), Art. 198 TFEU). The Canaries, Madeira and the Azores have no codes.
 */
const PARTS_OF_MEMBERS = "AX GF GP MQ MF RE YT";

/** Members of the EEA beside those of the EU. Svalbard (SJ) is not part of it (Protocol 40 to the EEA Agreement). */
const EEA_ONLY = "IS LI NO";

const codes = (text: string): string[] => text.split(" ");

export const EU: ReadonlySet<string> = new Set(codes(`${MEMBERS} ${PARTS_OF_MEMBERS}`));
export const EEA: ReadonlySet<string> = new Set([...EU, ...codes(EEA_ONLY)]);

/**
 * Every code that ISO 3166-1 assigns (249), and XK, which EU institutions write for Kosovo. What is not here says nothing:
 * ZZ and XX are nobody's, EU and UN are no countries.
 */
const ASSIGNED =
  "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ " +
  "DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT " +
  "JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ " +
  "OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ " +
  "UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW";

const assigned: ReadonlySet<string> = new Set(codes(ASSIGNED));

/** Whether a code is that of a country or territory. */
export const isCountry = (code: string): boolean => assigned.has(code);

/** Codes that people and EU institutions write for countries that ISO calls otherwise. */
export const MISWRITTEN: Readonly<Record<string, string>> = { UK: "GB", EL: "GR" };
