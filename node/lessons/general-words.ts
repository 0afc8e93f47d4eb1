/**
 * Words that an error can be told in: general words of the language and of software. What is none of them may be a
 * person, a place, a firm or a thing of somebody's, and is never shared. Small on purpose: a word that is missing costs
 * a `<value>` in a template, a name too many costs somebody's privacy.
 */

import { isCommonWord, isListedWord } from './dictionary.ts'

/** What tools of any field speak of, and the dictionary of common words has not. */
const SOFTWARE = new Set(
  `account action address agent amount api app application arg args argument array attribute auth available backslash balance
  boolean browser buffer byte bytearray bytes cache callback card char character client cloud code codec column command
  component config connection constraint container cookie credential customer cursor data database date datetime decimal
  delete deleted delivery dependency deserialize desktop dict dictionary directory disk docker document domain download
  email encoding endpoint entity enum env environment event execute executed executing expression failure field file
  filename filesystem float folder format framework function gateway group header host html http https identifier import
  index indented info init input insert instance insufficient int integer interface invoice item javascript job json
  keyword kernel lambda language library lookup memory message metadata method mime mismatch module mutex namespace network
  node nonzero null object offline online operation operator ordinal original output overflow owner package page param
  parameter parse parser password path payload payment permission phone pixel platform plugin pointer port positional postal price
  privilege process product profile program project property protocol proxy python quantity query queue record recursion
  refund regex region registry repository request reset resource response retry role root route row runtime schema scheme
  script sdk secret serialize server service session setting shell signature socket software sql ssl stack status stderr
  stdin stdout storage string subscriptable substring sudo syntax system table tag task template terminal thread ticket tls
  timezone token tool transaction tuple type unavailable undefined unicode unit unrecognized update upload uri url user
  username utf uuid validation validator variable vendor version volume web webhook website widget window workflow
  workspace xml yaml zip`.split(/\s+/),
)
/** By which errors in some other languages say that a thing is missing or wrong, and the words between. */
const ELSEWHERE = new Set(
  `el la los las un una unos unas de del en con por para sin sobre al se su sus ya es está están fue ha han hay debe deben
  este esta estos esas ese esa que como no ni o y más menos puede pueden existe existen encontrado encontrada encontrados
  encontraron encontró inválido inválida inválidos válido incorrecto incorrecta requerido requerida obligatorio falta faltan
  permitido permitida autorizado denegado acceso registrado registrada disponible vacío estado fecha pago método usuario
  cliente pedido producto código número valor campo solicitud tiempo agotado
  não foi nao encontrada encontrado existe inválida obrigatório acesso negado usuário cliente pedido produto valor campo são
  le les des du un une et ou est sont pas ne introuvable trouvé trouvée existe invalide requis obligatoire manquant refusé
  accès utilisateur commande valeur champ demande échec échoué erreur
  der die das den dem ein eine einen und oder ist sind nicht kein keine wurde wurden gefunden ungültig ungültige fehlt
  fehlgeschlagen erforderlich verweigert zugriff benutzer kunde bestellung produkt wert feld anfrage fehler existiert bereits
  il lo gli una e non è sono trovato trovata valido obbligatorio mancante negato utente ordine prodotto valore campo errore
  esiste fallito`.split(/\s+/),
)
/** Names of errors in programs: `modulenotfounderror`. */
const ERROR_NAME = /^[a-z]+(?:error|exception|warning)$/
/** Endings by which English makes nouns and adjectives. A listed name that ends so (`clement`) is known as one. */
const DERIVED =
  /^[a-z]{3,}(?:[ts]ion|ment|able|ible|ility|ivity|icity|ness|ative|istic|ically|ential|ancy|ency)s?$/
const NEGATED = /^(?:un|in|im|non|re|pre|mis|over|under|dis)([a-z]{4,})$/

/** `word` in small letters. */
export function isGeneralWord(word: string): boolean {
  if (isKnown(word) || ERROR_NAME.test(word)) return true
  if (!isListedWord(word) && DERIVED.test(word)) return true
  const [, rest] = NEGATED.exec(word) ?? []
  return rest !== undefined && !isListedWord(word) && isKnown(rest)
}

function isKnown(word: string): boolean {
  if (isCommonWord(word) || SOFTWARE.has(word) || ELSEWHERE.has(word)) return true
  if (isListedWord(word)) return false
  return singulars(word).some(one => SOFTWARE.has(one) || isCommonWord(one))
}

function singulars(word: string): readonly string[] {
  const found = [
    word.replace(/ies$/, 'y'),
    word.replace(/(?<=[sxz]|[cs]h)es$/, ''),
    word.replace(/(?<!s)s$/, ''),
  ]
  return found.filter(one => one !== word && one.length >= 3)
}
