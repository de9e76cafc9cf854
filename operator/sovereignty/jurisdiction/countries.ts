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

/** Codes that people and EU institutions write for countries that ISO calls otherwise. */
export const MISWRITTEN: Readonly<Record<string, string>> = { UK: "GB", EL: "GR" };
