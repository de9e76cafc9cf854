/** The report's own port: nobody who may look at it needs to reach health or metrics, and the other way round. */
import type { ReportData } from "../report/data.ts";
import { reportRouter } from "../report/router.ts";
import { app, listen, type Address, type Listener } from "../runtime/http.ts";

/** A proxy that signs people in hands on cookies and tokens. */
const MOST_HEADER_BYTES = 32_768;

/** @throws the system's error if the address cannot be had */
export function serveReport(address: Address, source: () => ReportData | undefined): Promise<Listener> {
  const made = app();
  made.use(reportRouter(source));
  return listen(made, address, MOST_HEADER_BYTES);
}
