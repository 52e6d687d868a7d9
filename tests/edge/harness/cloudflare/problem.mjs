// Errors of the API, by their codes.

/** What the API refuses: an HTTP status and one or more `{code, message}`. */
export class Problem extends Error {
  constructor(status, ...errors) {
    super(errors.map(({ code, message }) => `${message} [code: ${code}]`).join('; '));
    this.status = status;
    this.errors = errors;
  }
}

export const refuse = (status, code, message) => {
  throw new Problem(status, { code, message });
};

export const noSuchScript = () => refuse(404, 10007, 'This Worker does not exist on your account.');
