// Reads a JSON list of statements on standard input, runs them one after the other in one DuckDB
// and prints a JSON list: for each its rows as lists, or {"error": text}.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(process.env.DUCKDB_MODULES + "/");
const { DuckDBInstance } = require("@duckdb/node-api");
const instance = await DuckDBInstance.create(":memory:", { threads: "2" });
const connection = await instance.connect();
const plain = (_, value) => (typeof value === "bigint" ? value.toString() : value);
const answers = [];
for (const statement of JSON.parse(readFileSync(0, "utf8"))) {
  try {
    answers.push((await connection.runAndReadAll(statement)).getRows());
  } catch (error) {
    answers.push({ error: error.message });
  }
}
process.stdout.write(JSON.stringify(answers, plain));
