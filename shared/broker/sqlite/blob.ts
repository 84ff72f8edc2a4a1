/** Bytes from which a blob is a burden. */
const large = 16_384;

/**
 * A blob as it was read, in memory that is collected soon when it is done with: of what `node:sqlite`
 * makes by itself Deno leaves a quarter of a GiB lying. So a large one is copied, which takes less than
 * reading it did. What that keeps a dequeuer at is tested where large bodies pass through processes.
 */
export function collectable(blob: Uint8Array): Uint8Array {
  return blob.byteLength < large ? blob : blob.slice();
}
