import { connect } from "amqplib";

/**
 * Whether a server opens an AMQP connection with these credentials now.
 * @param clusterName what it has to be called: any server may have taken the port.
 */
export async function acceptsAmqp(url: string, clusterName?: string): Promise<boolean> {
  try {
    const connection = await connect(url, { timeout: 3_000 });
    connection.on("error", () => {});
    const { serverProperties } = connection.connection;
    await connection.close();
    return clusterName === undefined || serverProperties["cluster_name"] === clusterName;
  } catch {
    return false;
  }
}
