/**
 * Random tests draw other cases each time, and so find what nobody thought of. Where a change is judged (CI), they draw the
 * same ones each time: it is judged by what it changes, not by the luck of the draw. Each failure prints its seed either way.
 */
import fc from "fast-check";

if (process.env["CI"] !== undefined && process.env["CI"] !== "") fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 20_261_125 });
