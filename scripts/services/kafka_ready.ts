import { apiVersionsV3, Connection, metadataV12 } from "@platformatic/kafka";

/** Asks the server at a URL something, over a connection of its own. */
export async function askKafka<T>(
  url: string,
  ask: (connection: Connection) => Promise<T>,
): Promise<T> {
  const { hostname, port } = new URL(url);
  const connection = new Connection("proxymq-services", {
    connectTimeout: 3_000,
    requestTimeout: 3_000,
  });
  connection.on("error", () => {});
  try {
    await connection.connect(hostname, Number(port));
    return await ask(connection);
  } finally {
    connection.close(() => {});
  }
}

/**
 * Whether a server answers at a URL now.
 * @param clusterId what it has to be called: any server may have taken the port.
 */
export async function acceptsKafka(url: string, clusterId?: string): Promise<boolean> {
  try {
    return await askKafka(url, async (connection) => {
      await apiVersionsV3.api.async(connection, "proxymq", "1");
      const metadata = await metadataV12.api.async(connection, [], false, false);
      const { clusterId: known, brokers } = metadata;
      return brokers.length > 0 && (clusterId === undefined || known === clusterId);
    });
  } catch {
    return false;
  }
}
