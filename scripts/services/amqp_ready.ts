import { connect } from "amqplib";

/** Whether a server opens an AMQP connection with these credentials now. */
export async function acceptsAmqp(url: string): Promise<boolean> {
  try {
    const connection = await connect(url, { timeout: 3_000 });
    connection.on("error", () => {});
    await connection.close();
    return true;
  } catch {
    return false;
  }
}
