/**
 * The words of the distiller's own phrases: what E7 holds the words of entries against. A test holds this list against
 * the phrases in `node/lessons`.
 */

export const ownWords: readonly string[] = `
a about accepted add after again against all allow alone already amount an and anew another answer answering
any anything are argument arguments as ask asked asking asks at be been before between both broke by call
called calling calls can cannot capitals case chance change changed changes check checked choose clear clearly
come comes compare concerns condition confirmed consent contradicts conversation copy costs could count
counted counts current date day decide deciding depends did differ different differs digits do does done each
earlier effect element elements else empty ending error error's every everything exactly expected expects
explained explicit factor failed failing fails failure false far feedback figure figures filled finds first
fits for form from full further gave get give given gives giving go goes going gone guess had has have having
held here hold holds how if in insistence is it its itself just kept know known later leave left less let letters
list lists look made make many may met missing more multiply name named names need needed needs neither newer
no none nor not nothing now number numbers observed of off often on once one ones only opposite or order other
otherwise out own pair passing place promising prompt read reads reason reckon record records refuse refuses
repeat repeated repeating report request rests result results returned returns right rules run runs said same
say says search searching second see seen send sent served serves settle several show showed shows sign signs
so solved some something sometimes soon spaces speak speaks split spoken stand stands state states stay stood
stopped succeeded suffice sum sure take taken takes task tasks tell telling text than that the their them
themselves then there these they thing things this though three through times to together too took tool tried
tries true try twice two unchanged under unless unsolved up use used user user's users value values was way
went were what whatever when whenever where whether which whichever while whole wishes with without words would write
writes writing written wrong year yyyy-mm-dd but id others part passes refused such until
`
  .trim()
  .split(/\s+/)
