/** Something that the person in front of the terminal can put right. The message is one sentence that says what and how. */
export class Sorry extends Error {
  override readonly name: string = "Sorry";
}
