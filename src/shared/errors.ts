/**
 * The two kinds of failure a person can meet. Everything else that is thrown is a defect of lengthwise.
 * `cli/` prints `message`, then `fix` on a second line, and exits with `exitCode`.
 */
export class LengthwiseError extends Error {
  readonly exitCode: 1 | 2;
  /** What to do about it, one sentence. */
  readonly fix: string | undefined;

  constructor(exitCode: 1 | 2, message: string, fix?: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.exitCode = exitCode;
    this.fix = fix;
  }
}

/** Bad usage or bad input: the user can mend it. Exit code 2. `message` says what was wrong and where. */
export class InputError extends LengthwiseError {
  constructor(message: string, fix?: string, options?: ErrorOptions) {
    super(2, message, fix, options);
  }
}

/** The machine let us down: browser, adapter, device, disk. Exit code 1. */
export class MachineError extends LengthwiseError {
  constructor(message: string, fix?: string, options?: ErrorOptions) {
    super(1, message, fix, options);
  }
}

/** The message of anything thrown, for wrapping in a clearer error. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
