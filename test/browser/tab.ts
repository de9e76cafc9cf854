/** One tab: loads pages, says what they asked for and complained of, and what is drawn. */
import type { Chromium } from "./chromium.ts";

export interface Loaded {
  /** Everything that was asked for, the page included. */
  readonly requests: readonly string[];
  /** What the browser complained of: refused styles, scripts and pictures, failures. */
  readonly complaints: readonly string[];
}

export class Tab {
  readonly #browser: Chromium;
  readonly #session: string;

  private constructor(browser: Chromium, session: string) {
    this.#browser = browser;
    this.#session = session;
  }

  static async open(browser: Chromium): Promise<Tab> {
    const { targetId } = await browser.call("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await browser.call("Target.attachToTarget", { targetId, flatten: true });
    const tab = new Tab(browser, sessionId as string);
    for (const domain of ["Page", "Network", "Log", "Runtime", "Accessibility"]) await tab.call(`${domain}.enable`);
    return tab;
  }

  call(method: string, params: Readonly<Record<string, unknown>> = {}): Promise<Readonly<Record<string, unknown>>> {
    return this.#browser.call(method, params, this.#session);
  }

  /** Resolves when the page and what it wanted have loaded. */
  async load(url: string): Promise<Loaded> {
    const requests: string[] = [];
    const complaints: string[] = [];
    const loaded = Promise.withResolvers<void>();
    const end = this.#browser.listen((method, params) => {
      if (method === "Network.requestWillBeSent") requests.push((params["request"] as { url: string }).url);
      if (method === "Log.entryAdded") complaints.push((params["entry"] as { text: string }).text);
      if (method === "Runtime.exceptionThrown") complaints.push(JSON.stringify(params["exceptionDetails"]));
      if (method === "Page.loadEventFired") loaded.resolve();
    });
    await this.call("Page.navigate", { url });
    await loaded.promise;
    // What was complained of on the way is told before the answer to what is asked now.
    await this.evaluate("document.readyState");
    end();
    return { requests, complaints };
  }

  /** The value of an expression in the page. It is ours: the page's policy does not hold it. */
  async evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await this.call("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true });
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    return (result as { value: T }).value;
  }

  /** @param width in CSS pixels; at 200 % a window of 1280 pixels has 640 */
  resize(width: number, height = 900): Promise<unknown> {
    return this.call("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: false });
  }

  /** Screen or paper, and the surroundings that the reader prefers. */
  media(media: "" | "print", scheme: "light" | "dark" = "light"): Promise<unknown> {
    return this.call("Emulation.setEmulatedMedia", { media, features: [{ name: "prefers-color-scheme", value: scheme }] });
  }

  async press(key: "Tab"): Promise<void> {
    for (const type of ["keyDown", "keyUp"]) await this.call("Input.dispatchKeyEvent", { type, key, code: key, windowsVirtualKeyCode: 9 });
  }
}
