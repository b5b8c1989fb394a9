import type { Progress, Session } from '../../src/runtime/session.ts';

/** A session whose progress a test hears of, too. */
export function tapped(session: Session, hear: (event: Progress) => void): Session {
  return {
    ...session,
    send: (request, listeners) =>
      session.send(request, {
        ...listeners,
        onProgress(event) {
          listeners?.onProgress?.(event);
          hear(event);
        },
      }),
  };
}
