/** HTTP's status codes of errors and their words, which tools hand on as they got them. */

const WORDS: ReadonlyMap<number, string> = new Map([
  [400, 'bad request'],
  [401, 'unauthorized'],
  [402, 'payment required'],
  [403, 'forbidden'],
  [404, 'not found'],
  [405, 'method not allowed'],
  [406, 'not acceptable'],
  [408, 'request timeout'],
  [409, 'conflict'],
  [410, 'gone'],
  [412, 'precondition failed'],
  [413, 'content too large'],
  [415, 'unsupported media type'],
  [422, 'unprocessable content'],
  [423, 'locked'],
  [424, 'failed dependency'],
  [428, 'precondition required'],
  [429, 'too many requests'],
  [451, 'unavailable for legal reasons'],
  [500, 'internal server error'],
  [501, 'not implemented'],
  [502, 'bad gateway'],
  [503, 'service unavailable'],
  [504, 'gateway timeout'],
])
/** As older standards say it. */
const OLDER: ReadonlyMap<number, string> = new Map([
  [413, 'payload too large'],
  [422, 'unprocessable entity'],
])

export function isErrorStatus(code: unknown): code is number {
  return typeof code === 'number' && Number.isInteger(code) && code >= 400 && code < 600
}

/** The words of a status code, with the code before them. */
export function statusMessage(code: number): string | undefined {
  const words = WORDS.get(code)
  return words === undefined ? undefined : `${code} ${words}`
}

const STATUS_LINE =
  /^\s*(?:HTTP(?:\/\d(?:\.\d)?)?|status(?: code)?)?[\s:]{0,3}([45]\d\d)[\s:,–-]{1,3}([a-z ]{4,40})/i
/** `HTTP 404`, `Request failed with status code 500`, with nothing before that could be a record. */
const BARE_STATUS = /^\s*(?:HTTP(?:\/\d(?:\.\d)?)? ?|[a-z ]{0,40}\bstatus code:? ?)([45]\d\d)\s*\.?\s*$/i

/** The words, where the text begins as the line of an error's status. `404 items in stock` is none. */
export function statusWords(text: string): string | undefined {
  const line = text.slice(0, 120).split('\n', 1)[0] ?? ''
  const bare = BARE_STATUS.exec(line)
  if (bare !== null) return WORDS.get(Number(bare[1]))
  const [, code, rest] = STATUS_LINE.exec(line) ?? []
  const said = rest?.toLowerCase().trim() ?? ''
  const words = [WORDS.get(Number(code)), OLDER.get(Number(code))]
  return words.find(one => one !== undefined && said.startsWith(one))
}
