/**
 * Finds what is personal or secret in a text by its form: e-mail, phone, card, IBAN, IP, hosts, user names
 * in paths, and long random tokens. Every expression is bounded, so that hostile text costs time linear in
 * its length. Secrets with a known form are found by secretlint's rules, elsewhere.
 */

import { isIPv4, isIPv6 } from 'node:net'

/** What a placeholder says instead of the value: `<email:1>`. */
export type SensitiveType = 'secret' | 'email' | 'phone' | 'card' | 'iban' | 'ip' | 'host' | 'user' | 'own'

export interface Span {
  readonly start: number
  readonly end: number
  readonly type: SensitiveType
}

interface Detector {
  readonly type: SensitiveType
  /** With a capture group, only the group is replaced. */
  readonly form: RegExp
  readonly valid?: (match: string) => boolean
}

const DETECTORS: readonly Detector[] = [
  {
    type: 'email',
    form: /[\p{L}\p{N}._%+'-]{1,64}@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){1,6}/gu,
  },
  // `https://name:password@host` outside the databases that secretlint knows.
  { type: 'secret', form: /\b[a-z][a-z\d+.-]{1,20}:\/\/([^\s:/@]{1,100}:[^\s/@]{1,200})@/dgi },
  {
    type: 'secret',
    form: /\b(?:password|passwd|pwd|passphrase|secret|api[_-]?key|auth[_-]?token|access[_-]?token)["']?\s{0,3}[:=]\s{0,3}["']?([^\s"',;<]{4,200})/dgi,
  },
  { type: 'secret', form: /\bbearer\s{1,3}([\w.~+/=-]{16,2000})/dgi },
  {
    type: 'iban',
    form: /\b[a-z]{2}\d{2}(?:[ -]?[a-z\d]{4}){2,7}(?:[ -]?[a-z\d]{1,3})?(?![a-z\d])/gi,
    valid: isIban,
  },
  { type: 'card', form: /(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-])/g, valid: isCard },
  { type: 'phone', form: /(?<![\w.])\+\d{1,3}(?:[ .()/-]{0,2}\d){6,13}(?!\w)/g },
  { type: 'phone', form: /(?<![\w.#-])(?:1[ .-])?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?![\w-])/g },
  // National numbers with a leading zero, in groups: `030 1234 5678`, `(020) 7946 0123`.
  {
    type: 'phone',
    form: /(?<![\w.#/-])\(?0\d{1,4}\)?(?:[ /-]\d{2,8}){1,4}(?![\w-])/g,
    valid: isNationalPhone,
  },
  {
    type: 'phone',
    form: /\b(?:phone|telephone|tel|mobile|cell|fax|whatsapp|tel[eé]fono|celular|m[oó]vil)\b[^\d\n+]{0,20}(\+?\d(?:[ .()/-]{0,2}\d){6,14})(?!\w)/dgi,
  },
  { type: 'ip', form: /(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\.?\w)/g, valid: isForeignIpv4 },
  { type: 'ip', form: /(?<![\w:.])[\da-f]{0,4}(?::[\da-f]{0,4}){2,7}(?![\w:])/gi, valid: isForeignIpv6 },
  {
    type: 'host',
    form: /(?<![\w.-])[a-z\d](?:[a-z\d-]{0,40}\.){1,5}(?:local|internal|intranet|lan|corp|home)(?![\w-])/gi,
  },
  { type: 'host', form: /(?<![\w\\])\\{2,4}([a-z\d][\w.-]{1,62})\\{1,2}\w/dgi },
  { type: 'user', form: /(?<![\w.])\/(?:home|Users|export\/home)\/([^\s/"'`:;,<>|\\]{1,64})/dg },
  { type: 'user', form: /\b[a-z]:(?:\\{1,2}|\/)Users(?:\\{1,2}|\/)([^\s\\/"'`:;,<>|]{1,64})/dgi },
  { type: 'secret', form: /(?<![\w+/=-])[\w+/=-]{20,512}(?![\w+/=-])/g, valid: isRandomToken },
]

/** Spans of everything found, in no order; they may overlap. */
export function detect(text: string): Span[] {
  const spans: Span[] = []
  for (const { type, form, valid } of DETECTORS) {
    for (const match of text.matchAll(form)) {
      const [start, end] = match.indices?.[1] ?? [match.index, match.index + match[0].length]
      if (valid === undefined || valid(text.slice(start, end))) spans.push({ start, end, type })
    }
  }
  return spans
}

const SECRET_KEY =
  /^(?:.{0,40}[_.-])?(?:password|passwd|pwd|passphrase|secret|api[_-]?key|private[_-]?key|auth[_-]?token|access[_-]?token|authorization)$/i
const PHONE_KEY = /(?:^|_|-)(?:phone|telephone|tel|mobile|cell|fax|telefono|celular|movil|msisdn)(?:$|_|-)/i
const PHONE_VALUE = /^\+?\d(?:[ .()/-]{0,2}\d){6,14}$/

/** What a whole value is because of the key that it stands under, such as nine digits under `phone`. */
export function typeByKey(key: string, value: string): SensitiveType | undefined {
  if (key.length > 100) return undefined
  if (SECRET_KEY.test(key) && value.length >= 4) return 'secret'
  const spaced = key.replace(/([a-z])([A-Z])/g, '$1_$2')
  return PHONE_KEY.test(spaced) && PHONE_VALUE.test(value) ? 'phone' : undefined
}

function digitsOf(text: string): string {
  return text.replace(/\D/g, '')
}

/** Luhn's check digit (ISO/IEC 7812-1). */
function isCard(text: string): boolean {
  const digits = digitsOf(text)
  let sum = 0
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i])
    const doubled = i % 2 === 1 ? digit * 2 : digit
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0 && /[1-9]/.test(digits)
}

/** ISO 13616: country and check digits go to the end, letters count from 10, the whole is 1 mod 97. */
function isIban(text: string): boolean {
  const plain = text.replace(/[ -]/g, '').toUpperCase()
  if (plain.length < 15 || plain.length > 34) return false
  let remainder = 0
  for (const char of plain.slice(4) + plain.slice(0, 4)) {
    const value = Number.parseInt(char, 36)
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97
  }
  return remainder === 1
}

function isNationalPhone(text: string): boolean {
  const digits = digitsOf(text).length
  // A date such as 01/02/2024 or 05-06-2024 is no phone.
  return digits >= 9 && digits <= 12 && !/^0?\d[/-]\d{1,2}[/-]\d{2,4}$/.test(text)
}

/** Loopback and the unspecified address say nothing of anyone. */
function isForeignIpv4(text: string): boolean {
  return isIPv4(text) && !text.startsWith('127.') && text !== '0.0.0.0'
}

function isForeignIpv6(text: string): boolean {
  return text.length > 5 && /\d/.test(text) && isIPv6(text)
}

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i
const HEX = /^[\da-f]{32,}$/i

/**
 * Random by its letters: capitals, small letters and digits in short runs without order, with nearly as many bits a
 * character as chance gives. Names of functions, paths and UUIDs (ids, not secrets) do not pass.
 */
function isRandomToken(token: string): boolean {
  if (UUID.test(token)) return false
  if (HEX.test(token)) return bitsPerCharacter(token) >= 3
  // A path or a name with many parts is judged by its longest part.
  const longest = token.split(/[/_=-]/).reduce((best, item) => (item.length > best.length ? item : best), '')
  const judged = longest.length >= 16 ? longest : token.replace(/[_-]/g, '')
  const digits = (judged.match(/\d/g) ?? []).length
  const bothCases = /[a-z]/.test(judged) && /[A-Z]/.test(judged)
  if (judged.length < (bothCases ? 16 : 24) || digits < (bothCases ? 2 : 5)) return false
  // `RemovedInVersion40Warning` has runs of five characters, a random token of two.
  const runs = judged.match(/[A-Z]?[a-z]+|[A-Z]+|\d+|[^A-Za-z\d]+/g) ?? []
  return judged.length / runs.length < (bothCases ? 3 : 2.5) && bitsPerCharacter(judged) >= 3.4
}

function bitsPerCharacter(text: string): number {
  const counts = new Map<string, number>()
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length)
  return bits
}
