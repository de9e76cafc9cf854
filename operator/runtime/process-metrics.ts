/**
 * The process metrics that dashboards know from every exporter. Not prom-client's default set: it names gauges
 * `_total`, watches the event loop a second time and hooks into garbage collection.
 */
import { readdirSync } from "node:fs";
import { Counter, Gauge, type Registry } from "prom-client";

export function addProcessMetrics(registry: Registry): void {
  const registers = [registry];
  new Gauge({ name: "process_start_time_seconds", help: "Start of the process, seconds since 1970.", registers }).set(performance.timeOrigin / 1000);
  new Counter({
    name: "process_cpu_seconds_total", help: "Processor time in user and system mode.", registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
  new Gauge({
    name: "process_resident_memory_bytes", help: "Resident memory.", registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  new Gauge({
    name: "nodejs_heap_used_bytes", help: "Used part of V8's heap.", registers,
    collect() {
      this.set(process.memoryUsage().heapUsed);
    },
  });
  new Gauge({
    name: "process_open_fds", help: "Open file descriptors; absent where the system does not tell.", registers,
    collect() {
      const open = openFiles();
      if (open !== undefined) this.set(open);
    },
  });
}

function openFiles(): number | undefined {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return undefined;
  }
}
