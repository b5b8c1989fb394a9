import './no-eval.ts';
import { type EngineEvent, requestSchema } from '../shared/protocol.ts';
import { handleRequest } from './engine.ts';

/** What runtime/session.ts puts into the page. */
declare const lengthwiseEmit: (json: string) => Promise<void>;

/** What runtime/session.ts calls in the page. Every request ends with one final event, whatever happens. */
async function handle(requestJson: string): Promise<void> {
  // Events are sent in order: each waits for the one before.
  let sent = Promise.resolve();
  const emit = (event: EngineEvent) => {
    sent = sent.then(() => lengthwiseEmit(JSON.stringify(event)));
  };
  const parsed = requestSchema.safeParse(JSON.parse(requestJson));
  if (parsed.success) await handleRequest(parsed.data, emit, navigator.gpu);
  else
    emit({
      event: 'failed',
      reason: 'bad-request',
      message: parsed.error.issues[0]?.message ?? 'bad request',
    });
  await sent;
}

Object.assign(window, { lengthwise: { handle } });
