import { apiVersionsV3, Connection, metadataV12 } from "@platformatic/kafka";

/**
 * Whether a server answers at a URL now.
 * @param clusterId what it has to be called: any server may have taken the port.
 */
export async function acceptsKafka(url: string, clusterId?: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  const connection = new Connection("proxymq-services", {
    connectTimeout: 3_000,
    requestTimeout: 3_000,
  });
  connection.on("error", () => {});
  try {
    await connection.connect(hostname, Number(port));
    await apiVersionsV3.api.async(connection, "proxymq", "1");
    const metadata = await metadataV12.api.async(connection, [], false, false);
    const { clusterId: known, brokers } = metadata;
    return brokers.length > 0 && (clusterId === undefined || known === clusterId);
  } catch {
    return false;
  } finally {
    connection.close(() => {});
  }
}
