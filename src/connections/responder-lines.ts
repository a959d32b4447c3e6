/** What `kaprobe serve` and its clients say to each other, in lines of ASCII. Each answer is shorter than the request for it. */

/** How a request begins; what begins otherwise is plain data. */
export const GREETING = 'kaprobe ';
/** What the responder says first, when it was asked to. */
export const SPOKEN_LINE = 'kaprobe speaks\n';
/** What it says to who had it speak on another connection. */
export const DONE_LINE = 'kaprobe has spoken\n';
/** How the one line begins with which it turns a request down. */
export const REFUSAL = 'kaprobe refuses: ';

/** Asks to be spoken to when somebody says `speakNow` with the same name: 128 random bits in hexadecimal, which nobody can guess. */
export const speakWhenCalled = (name: string): string => `kaprobe speak-when ${name}\n`;
/** Has it speak on the connection of that name. */
export const speakNow = (name: string): string => `kaprobe speak-now ${name}\n`;
