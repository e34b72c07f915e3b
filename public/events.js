// What the library throws and what it fires.

/** An error with a code for programs and a sentence for people. */
export class BeckonError extends Error {
  /**
   * @param {string} code stable
   * @param {string} message
   * @param {ErrorOptions} [options]
   */
  constructor(code, message, options) {
    super(message, options);
    this.name = 'BeckonError';
    this.code = code;
  }
}

/** An event whose facts are its own fields. */
export class BeckonEvent extends Event {
  /**
   * @param {string} type
   * @param {object} [facts]
   */
  constructor(type, facts) {
    super(type);
    Object.assign(this, facts);
  }
}
