/** What every HTTP port of the operator has in common: how it listens and how it ends. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import express, { type Express } from "express";

export interface Address {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

export interface Listener {
  readonly address: Address;
  /** Resolves when no connection is left; ends those that are there. */
  close(): Promise<void>;
}

/** An application that does not say what it is made with. */
export function app(): Express {
  const made = express();
  made.disable("x-powered-by");
  made.disable("etag");
  return made;
}

/** Rejects with the system's error (EADDRINUSE, EACCES, ...) if the address cannot be had. `maxHeaderSize` is in bytes. */
export async function listen(made: Express, { host, port }: Address, maxHeaderSize = 8_192): Promise<Listener> {
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000, maxHeaderSize }, made);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, resolve);
  });
  const bound = server.address() as AddressInfo;
  return { address: { host, port: bound.port }, close: () => close(server) };
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
