const [lf, cr, colon, space] = [0x0a, 0x0d, 0x3a, 0x20];
const bom = [0xef, 0xbb, 0xbf];

/**
 * Looks in an event stream for the end of the event with an id (WHATWG HTML section 9.2.6), however its
 * bytes are cut into pieces. Of a line no more is kept than could make that id.
 *
 * @example
 * ```ts
 * const scanner = new EventScanner("17");
 * for await (const bytes of body) if (scanner.push(bytes)) break;
 * resumeAt(scanner.end);
 * ```
 */
export class EventScanner {
  readonly #wanted: Uint8Array;
  readonly #line: Uint8Array;
  #length = 0;
  #tooLong = false;
  #at = 0;
  #afterCr = false;
  /** Whether the block so far says the id. */
  #matches = false;
  #end: number | undefined;
  /** A line feed that follows the end is part of it. */
  #mayMove = false;

  constructor(id: string) {
    this.#wanted = new TextEncoder().encode(`id:${id}`);
    this.#line = new Uint8Array(this.#wanted.length + 1 + bom.length);
  }

  /** Where the stream goes on after the event, if that was found; the number of the byte. */
  get end(): number | undefined {
    return this.#end;
  }

  /** Takes the next bytes. @returns whether the event was found, and where it ends is known for good. */
  push(bytes: Uint8Array): boolean {
    for (const byte of bytes) {
      if (this.#end !== undefined) {
        if (this.#mayMove && byte === lf) this.#end++;
        this.#mayMove = false;
        return true;
      }
      this.#take(byte);
    }
    return this.#end !== undefined && !this.#mayMove;
  }

  #take(byte: number): void {
    const at = this.#at++;
    if (byte === lf && this.#afterCr) {
      this.#afterCr = false;
      return;
    }
    this.#afterCr = byte === cr;
    if (byte !== lf && byte !== cr) {
      if (this.#length < this.#line.length) this.#line[this.#length++] = byte;
      else this.#tooLong = true;
      // A byte order mark at the very beginning is no part of the first line.
      if (at === bom.length - 1 && bom.every((one, i) => this.#line[i] === one)) this.#length = 0;
      return;
    }
    if (this.#length === 0) {
      if (this.#matches) {
        this.#end = at + 1;
        this.#mayMove = byte === cr;
      }
    } else if (this.#isId()) this.#matches = this.#isWanted();
    this.#length = 0;
    this.#tooLong = false;
  }

  #isId(): boolean {
    const line = this.#line;
    const named = line[0] === 0x69 && line[1] === 0x64;
    return named && (this.#length === 2 || line[2] === colon);
  }

  #isWanted(): boolean {
    if (this.#tooLong) return false;
    const wanted = this.#wanted;
    // The last id of a block counts; "id" alone is an empty one; one space after the colon is none.
    if (this.#length === 2) return wanted.length === 3;
    const skipped = this.#line[3] === space ? 1 : 0;
    if (this.#length - skipped !== wanted.length) return false;
    for (let i = 3; i < wanted.length; i++) {
      if (this.#line[i + skipped] !== wanted[i]) return false;
    }
    return true;
  }
}
