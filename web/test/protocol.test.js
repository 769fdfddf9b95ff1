import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { PONG, ProtocolError, encodeHello, mayReconnect, parse } from "../assets/lib/protocol.js";

/** @import { Hello } from "../assets/lib/protocol.js" */

/** @typedef {{ name: string, direction: "client" | "server" | "close", json: any }} Example */

/** @type {Example[]} */
const GOLDEN = JSON.parse(readFileSync(new URL("../../tests/golden/wire-v1.json", import.meta.url), "utf8"));

/** @param {Example["direction"]} direction */
function examples(direction) {
  const found = GOLDEN.filter((example) => example.direction === direction);
  assert.ok(found.length > 0, `the golden file has examples of ${direction}`);
  return found;
}

for (const { name, json } of examples("server")) {
  test(`reads what the server says: ${name}`, () => assert.deepEqual(parse(JSON.stringify(json)), json));
}

for (const { name, json } of examples("client")) {
  test(`says it as the server reads it: ${name}`, () => {
    if (json.t === "pong") {
      assert.deepEqual(JSON.parse(PONG), json);
      return;
    }
    /** @type {Hello} */
    const hello = {
      langs: json.l,
      position: json.e === undefined ? null : { epoch: json.e, offset: json.o },
      tail: json.tail,
    };
    assert.deepEqual(JSON.parse(encodeHello(hello)), json);
  });
}

for (const { name, json } of examples("close")) {
  test(`comes back or not: ${name}`, () => assert.equal(mayReconnect(json.code), json.reconnect));
}

test("what a later server may add is passed over", () => {
  assert.equal(parse('{"t":"mood","x":1}'), null);
  assert.equal(parse('{"t":"open","lang":"en","src":"en"}'), null);
  assert.deepEqual(parse('{"t":"drop","seg":3,"why":"cough"}'), { t: "drop", seg: 3 });
  // An event keeps its place whatever it is: else the next one would look like a gap.
  assert.deepEqual(parse('{"t":"ev","o":7,"k":"poem"}'), { t: "ev", o: 7, k: "skip" });
  assert.deepEqual(parse('{"t":"ev","o":8,"k":"final","lang":"en","src":"en"}'), { t: "ev", o: 8, k: "skip" });
});

test("what breaks the protocol is refused", () => {
  const bad = [
    "",
    "no JSON",
    "null",
    "[]",
    '{"t":"ev","k":"skip"}',
    '{"t":"ev","o":-1,"k":"skip"}',
    '{"t":"ev","o":1.5,"k":"skip"}',
    '{"t":"ev","o":1,"k":"final","lang":"kk","src":"kk"}',
    '{"t":"drop"}',
    '{"t":"open","seg":1,"lang":"kk","src":"en","t0":0,"t1":0,"c":"","d":""}',
    '{"t":"welcome","v":1,"s":"demo","title":"","e":"","o":0,"rec":1,"ev":[],"open":[]}',
    '{"t":"welcome","v":1,"s":"demo","title":"","e":"","o":0,"rec":true,"ev":{},"open":[]}',
  ];
  for (const text of bad) {
    assert.throws(() => parse(text), ProtocolError, text);
  }
});
