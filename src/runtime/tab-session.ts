import { messageOf } from '../shared/errors.ts';
import { PING, PONG } from '../shared/protocol.ts';
import { REFUSED, WANTED } from '../shared/tab-protocol.ts';
import { type Carrier, Conversation, type Session, SessionLeft, SessionLost } from './conversation.ts';
import type { SessionOptions } from './session-options.ts';
import type { Tab } from './tab.ts';
import type { Tabs } from './tabs.ts';

/**
 * The engine in a browser tab that somebody opened, or opens: waited for without limit. A tab without an adapter of the wanted kind is told
 * so, and the next is waited for.
 */
export async function openTabSession(options: SessionOptions, tabs: Tabs): Promise<Session> {
  const { adapter } = options;
  for (;;) {
    const tab = await tabs.take();
    const session = sessionIn(tab, options, tabs);
    try {
      const final = await session.send({ op: 'probe', adapter });
      if (final.event === 'probed') {
        tabs.say(`computing in ${tab.name}`);
        return session;
      }
      tabs.refuse(tab, final.event === 'failed' ? final.message : final.event);
    } catch (error) {
      if (!(error instanceof SessionLost)) throw error;
      await session.close();
      tabs.say(messageOf(error));
    }
  }
}

function sessionIn(tab: Tab, { protocol, patience }: SessionOptions, tabs: Tabs): Session {
  const conversation = new Conversation(protocol, patience?.stallMs);
  let pong = () => {};
  const bring = async (wantedJson: string) => {
    try {
      tab.send(await conversation.feed(JSON.parse(wantedJson)));
    } catch (error) {
      tab.send(REFUSED + messageOf(error));
    }
  };
  tab.onText = text => {
    if (text === PONG) return pong();
    if (text.startsWith(WANTED)) return void bring(text.slice(WANTED.length));
    try {
      conversation.hear(text);
    } catch (error) {
      // What has the form of an event and fits nothing that was asked.
      conversation.lose(new SessionLost(`the tab said what makes no sense: ${messageOf(error)}`));
    }
  };
  tab.onGone = (closed, how) => conversation.lose(closed ? new SessionLeft(how) : new SessionLost(how));
  const carrier: Carrier = {
    deliver: json => tab.send(json),
    ping: () =>
      new Promise<void>(resolve => {
        pong = resolve;
        tab.send(PING);
      }),
    kill: () => tab.kill(),
  };
  return {
    runtime: 'tab',
    version: tab.name,
    pid: undefined,
    driver: undefined,
    profile: undefined,
    send: (request, listeners) => conversation.ask(request, carrier, listeners),
    tell: control => carrier.deliver(JSON.stringify(control)),
    async close() {
      if (conversation.isIdle) tabs.add(tab);
      else tab.kill();
    },
  };
}
