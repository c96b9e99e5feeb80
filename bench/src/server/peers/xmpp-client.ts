/** As much of an XMPP client as a comparison needs: RFC 7395 over WebSocket, stream management, carbons. One stanza a frame. */
import { WebSocket } from "ws";

const HOST = "localhost";
const PASSWORD = "pw";
/** What an end-to-end-encrypted client would carry: 300 bytes of ciphertext in base64. */
const BODY_BYTES = 300;

export interface XmppOptions {
  readonly url: string;
  readonly user: string;
  readonly resource: string;
  /** Other own devices get a copy of what this one sends and receives. */
  readonly carbons: boolean;
  /** Available: messages are delivered to it. */
  readonly presence: boolean;
}

export function attribute(stanza: string, name: string): string | undefined {
  const found = new RegExp(` ${name}=(?:'([^']*)'|"([^"]*)")`).exec(stanza);
  return found?.[1] ?? found?.[2];
}

/** The number in a body made by `messageTo`; `undefined` for stanzas that carry none. */
export function numberIn(stanza: string): number | undefined {
  const at = stanza.indexOf("<body>M:");
  return at < 0 ? undefined : Number.parseInt(stanza.slice(at + 8, stanza.indexOf(":", at + 8)), 10);
}

export function messageTo(user: string, number: number, random: Uint8Array): string {
  const text = Buffer.from(random.subarray(0, BODY_BYTES)).toString("base64");
  return `<message xmlns='jabber:client' type='chat' to='${user}@${HOST}' id='m${number}'><body>M:${number}:${text}</body></message>`;
}

export class XmppClient {
  readonly #options: XmppOptions;
  readonly #socket: WebSocket;
  readonly #answers = new Map<string, (stanza: string) => void>();
  /** While logging in: stanzas that came before anybody waited for them. */
  #early: string[] | undefined = [];
  #waiting: ((stanza: string) => void) | undefined;
  #handled = 0;
  #queries = 0;
  onMessage: (stanza: string) => void = () => undefined;
  /** Stanzas of this stream that the server says it has handled. */
  onAcknowledged: (count: number) => void = () => undefined;

  constructor(options: XmppOptions) {
    this.#options = options;
    this.#socket = new WebSocket(options.url, ["xmpp"], { perMessageDeflate: false, skipUTF8Validation: true });
    this.#socket.on("message", (data: Buffer) => this.#received(data.toString("utf8")));
    this.#socket.on("error", () => undefined);
  }

  #received(stanza: string): void {
    if (this.#waiting !== undefined) {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      waiting(stanza);
    } else if (this.#early !== undefined) {
      this.#early.push(stanza);
    } else if (stanza.startsWith("<message")) {
      this.#handled++;
      this.onMessage(stanza);
    } else if (stanza.startsWith("<r")) {
      this.send(`<a xmlns='urn:xmpp:sm:3' h='${this.#handled}'/>`);
    } else if (stanza.startsWith("<a")) {
      this.onAcknowledged(Number(attribute(stanza, "h")));
    } else if (stanza.startsWith("<iq")) {
      this.#handled++;
      this.#answers.get(attribute(stanza, "id") ?? "")?.(stanza);
    } else if (stanza.startsWith("<presence")) {
      this.#handled++;
    }
  }

  send(stanza: string): void {
    this.#socket.send(stanza);
  }

  requestAcknowledgement(): void {
    this.send("<r xmlns='urn:xmpp:sm:3'/>");
  }

  async #opened(): Promise<void> {
    if (this.#socket.readyState !== WebSocket.OPEN) {
      await new Promise<void>((resolve, reject) => {
        this.#socket.once("open", resolve);
        this.#socket.once("close", () => reject(new Error("the peer closed the connection")));
      });
    }
    await this.#stream();
  }

  /** Opens a stream and waits for its features. */
  async #stream(): Promise<void> {
    this.send(`<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='${HOST}' version='1.0'/>`);
    while (!(await this.#next()).includes("features"));
  }

  #next(): Promise<string> {
    const early = this.#early?.shift();
    if (early !== undefined) return Promise.resolve(early);
    return new Promise((resolve) => (this.#waiting = resolve));
  }

  async #expect(begin: string): Promise<string> {
    const stanza = await this.#next();
    if (!stanza.startsWith(begin)) throw new Error(`the peer answered ${stanza.slice(0, 80)}`);
    return stanza;
  }

  #query(type: "get" | "set", body: string): Promise<string> {
    const id = `q${++this.#queries}`;
    const answer = new Promise<string>((resolve) => this.#answers.set(id, resolve));
    this.send(`<iq xmlns='jabber:client' type='${type}' id='${id}'>${body}</iq>`);
    return answer;
  }

  /** In-band registration, on a connection that does not log in. */
  async register(users: readonly string[]): Promise<void> {
    await this.#opened();
    this.#early = undefined;
    for (const user of users) {
      const answer = await this.#query(
        "set",
        `<query xmlns='jabber:iq:register'><username>${user}</username><password>${PASSWORD}</password></query>`,
      );
      if (attribute(answer, "type") === "error" && !answer.includes("conflict")) throw new Error(`registration: ${answer.slice(0, 200)}`);
    }
    this.close();
  }

  async logIn(): Promise<void> {
    const { user, resource, carbons, presence } = this.#options;
    await this.#opened();
    const plain = Buffer.from(`\0${user}\0${PASSWORD}`).toString("base64");
    this.send(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${plain}</auth>`);
    await this.#expect("<success");
    await this.#stream();
    this.send(
      `<iq xmlns='jabber:client' type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>${resource}</resource></bind></iq>`,
    );
    await this.#expect("<iq");
    this.send("<enable xmlns='urn:xmpp:sm:3'/>");
    await this.#expect("<enabled");
    this.#early = undefined;
    if (carbons) await this.#query("set", "<enable xmlns='urn:xmpp:carbons:2'/>");
    if (presence) this.send("<presence xmlns='jabber:client'/>");
  }

  close(): void {
    this.#socket.terminate();
  }
}
