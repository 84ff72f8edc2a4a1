import { createClient } from "@redis/client";

/** Whether a server takes commands with these credentials now. */
export async function acceptsRedis(url: string): Promise<boolean> {
  const client = createClient({ url, socket: { connectTimeout: 3_000, reconnectStrategy: false } });
  client.on("error", () => {});
  try {
    await client.connect();
    // While it reads its data it answers, but takes nothing.
    await client.exists("proxymq");
    return true;
  } catch {
    return false;
  } finally {
    client.destroy();
  }
}
