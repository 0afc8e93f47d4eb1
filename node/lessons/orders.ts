/**
 * Takes out of an error what is said to its reader. An error says what is so (`wallet not found`, `line must be
 * suspended`); whoever can make a tool answer may have it tell the reader what to do, and published words are read by
 * other models. So an error's words end where a clause begins that is an order, an address, or a link.
 */

import { isBareVerb } from './dictionary.ts'

/** Where a clause can begin: after a mark, or after a word that joins two. */
const CLAUSE_START =
  /[,:;!?()[\]{}|–—]\s*|\.\s+|\s-+\s|\s(?=(?:and|or|but|so|then|please|kindly|therefore|instead|otherwise)\s)/g
/** Words before the verb of an order. */
const LEAD =
  /^(?:(?:and|or|but|so|then|please|kindly|therefore|instead|otherwise|now|just|also|first|always|never|immediately|simply|urgent|important|note|attention|do not|don't|must|should|to proceed|to continue|to fix this)[\s:,]+)+/
/** Who speaks, in chat logs and templates. */
const SPEAKER =
  /^(?:system|assistant|developer|human|admin(?:istrator)?|operator|instructions?|prompt|ai|llm)\s*[:>]/
/** What a reader is told to do or to be. `You do not have access` says what is so. */
const TOLD =
  /\b(?:you|agents?|assistants?|models?|ai|llms?)\s(?:must|should|shall|will|need to|have to|has to|ought to|are to|is to|are now|are (?:allowed|authori[sz]ed|required|permitted|free)|can (?:now|skip|safely)|may (?:now|skip|safely)|may (?!not\b)|can (?!not\b))/
/** What somebody says who wants a model to obey. */
const TAKING_OVER =
  /\b(?:ignore|disregard|forget|override|overrule|bypass|jailbreak|pretend|act as|from now on|no longer bound|set aside|(?:your|previous|prior|above|earlier) (?:instructions?|prompts?|rules?|polic(?:y|ies)|guidelines?|orders?|tasks?)|system prompt|developer mode|without (?:asking|consent|confirmation|permission))\b/
const LINK =
  /[a-z][a-z\d+.-]*:\/\/|\b(?:mailto|javascript|data|tel):\S|\bwww\.|[\p{L}\p{N}-]\.(?:com|net|org|io|dev|ai|app|biz|xyz|onion)(?![\p{L}\p{N}_-])/u
/** What is ordered begins so: `send the`, `wire all`, `pay him`. */
const OBJECT =
  /^(?:the|a|an|all|any|every|each|this|that|these|those|your|their|his|her|its|my|our|it|them|him|me|us|everything|anything|nothing)$/
/** After these a verb says what could not be done, or what somebody does. */
const BOUND =
  /^(?:to|not|cannot|can't|couldn't|can|could|must|should|shall|will|would|may|might|do|does|don't|doesn't|did|didn't|unable|please|be|been|being|is|are|was|were|i|we|you|they|who|that|which|a|an|the|this|no|of|for|in|on|by|at|each|every)$/
/** Signs that a clause says what is so, though its first word can be a verb: `order not found`, `transfer of <value> failed`. */
const STATES =
  /\b(?:not|no|cannot|can't|couldn't|doesn't|didn't|isn't|wasn't|is|are|was|were|has|have|had|does|did|must|should|may|could|failed|fails|denied|refused|rejected|declined|exceeded|exceeds|missing|invalid|required|expired|unavailable|unknown|unsupported|mismatch|error|timed|limit|already|too|out|\w{3,}ed$|closed|blocked|locked|disabled|forbidden|unauthorized|incomplete|insufficient|conflict|differs?|differ)\b/
/** What a reader could be told to do; the dictionary has most of these as nouns. */
const DEEDS = new Set(
  `approve ask buy call charge click contact copy credit debit delete deposit disclose download email escalate execute
  exfiltrate expose forward grant install invoke issue leak mail message move obey open order pay post print publish refund
  release report reset return reveal run sell send share show skip submit tell transfer trust update upload visit whitelist
  wire withdraw`.split(/\s+/),
)
/** Verbs that tools' errors tell a caller about the very call; they name no deed. */
const ABOUT_THE_CALL =
  /^(?:please )?(?:try|retry)(?: (?:it|the (?:call|request|operation|same call)))?(?: (?:again|later|once more|in a (?:moment|while|minute)|shortly))*$/

/** A template or message in small letters, up to where it speaks to the reader. Empty where it begins so. */
export function withoutOrders(whole: string): string {
  const text = whole.slice(0, LINK.exec(whole)?.index ?? whole.length)
  let end = text.length
  for (const [from, to] of clausesOf(text)) {
    const clause = text.slice(from, to).trim()
    if (clause === '') continue
    const at = orderIn(clause)
    if (at === undefined) continue
    end = at === 0 ? from : text.indexOf(clause, from) + at
    break
  }
  return text
    .slice(0, end)
    .replace(
      /(?:[\s,:;.!?()[\]{}|–—-]|(?:^|\s)(?:and|or|but|so|then|please|see|visit|important|urgent|attention|note))+$/,
      '',
    )
}

function clausesOf(text: string): readonly (readonly [number, number])[] {
  const starts = [0]
  for (const match of text.matchAll(CLAUSE_START)) starts.push(match.index + match[0].length)
  return starts.map((start, index) => [start, starts[index + 1] ?? text.length])
}

/** Where in the clause the order begins. */
function orderIn(clause: string): number | undefined {
  if (SPEAKER.test(clause)) return 0
  const found = [TOLD, TAKING_OVER].map(form => form.exec(clause)?.index ?? Number.POSITIVE_INFINITY)
  const first = Math.min(...found, verbIn(clause) ?? Number.POSITIVE_INFINITY)
  return Number.isFinite(first) ? first : undefined
}

/** Where a verb stands that orders: at the clause's beginning, or unbound within it with what it is to be done to. */
function verbIn(clause: string): number | undefined {
  const lead = LEAD.exec(clause)?.[0] ?? ''
  const rest = clause.slice(lead.length)
  if (ABOUT_THE_CALL.test(rest)) return undefined
  const words = [...rest.matchAll(/\S+/g)]
  if (words.length < 2) return undefined
  for (const [index, { 0: spelled, index: at }] of words.entries()) {
    const word = bare(spelled)
    const isDeed = DEEDS.has(word)
    if (!isDeed && !isBareVerb(word)) continue
    const before = bare(words[index - 1]?.[0] ?? '')
    const after = bare(words[index + 1]?.[0] ?? '')
    if (index === 0) {
      // After `please` or `never` a verb orders, whatever follows.
      if (lead !== '' && /(?:please|kindly|always|never|not|don't|instead)[\s:,]+$/.test(lead)) return 0
      if (OBJECT.test(after) || !STATES.test(rest)) return 0
    } else if (OBJECT.test(after) && !BOUND.test(before) && (isDeed || !/(?:s|<[a-z_]+>)$/.test(before)))
      return lead.length + at
  }
  return undefined
}

function bare(word: string): string {
  return word.replace(/[,:;.!?()[\]{}"'`]+$/, '').replace(/^[("'`[{]+/, '')
}
