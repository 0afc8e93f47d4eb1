/**
 * Every maximum of the wire format, each with its reason. What exceeds one is refused with a reason that names
 * it. SPEC section "Limits" repeats this table; changing a figure is a change of the protocol.
 */

/** One raw block. Two of them fit a bitswap message beside its head, and a lesson that needs more is not one lesson. */
export const entryBytesMax = 4_096

/** gossipsub announces larger messages with IDONTWANT first, which halves the rate; some room is left for framing. */
export const recordBytesMax = 480
/** With every field at its largest: 479. The same as for any record now; a digest is what fills it. */
export const digestBytesMax = 480
/** With every field at its largest: 340. */
export const memberBytesMax = 352
/** With every field at its largest: 315. */
export const attestBytesMax = 320
/** The largest retraction without an extension has 221: tombstones stay for good, so they stay small. */
export const retractBytesMax = 224

/** Signed and ignored by this version; a digest with every field and 64 of these still fits. */
export const extBytesMax = 64
/** `member`, `retract`, … and what later versions add. */
export const kindCharsMax = 16

/** 2^32 − 1: five bytes in CBOR, so that the sizes above hold. Lasts until 2106. */
export const secondsMax = 0xffff_ffff
/** 2^16 − 1: three bytes in CBOR. Lasts until 2149. */
export const dayMax = 0xffff

/** Clocks of honest peers differ by less. What lies further in the future is looked at again later. */
export const futureSlackSeconds = 900

/** Depth of CBOR nesting: an entry uses 4, an opaque body may use more; recursion must stay shallow. */
export const nestingMax = 8
/** Items in one CBOR list or map. The longest that this version writes are 16 domains and 24 addresses. */
export const collectionItemsMax = 256

// Entry. Characters are Unicode code points.
export const domainsMax = 16
export const domainCharsMax = 64
/** Its embedding stands for the entry, and the shipped model reads 256 tokens, about this many characters. */
export const situationCharsMax = 1_000
/** As in the cq knowledge unit, so that both map onto each other: 500, 8,000, 2,000. The block bounds them further. */
export const summaryCharsMax = 500
export const detailCharsMax = 8_000
export const actionCharsMax = 2_000
/** Languages, frameworks, versions, each. */
export const contextItemsMax = 16
export const contextCharsMax = 64
export const toolsMax = 16
export const toolArgumentsMax = 16
/** The longest tool name that common model interfaces allow is 64; servers prefix it with their own name. */
export const toolNameCharsMax = 128
export const methodCharsMax = 64
/** A merge of more lessons than this is a summary, not a lesson. */
export const parentsMax = 8
/** Episodes, asks, solved, unsolved: more than anyone has, and exact in every language. */
export const supportMax = 1_000_000_000

/** Sign bits of at most this many components: 48 bytes. */
export const sketchBitsMax = 384
export const sketchBytesMax = sketchBitsMax / 8

/** One byte in the body. More helpful or harmful uses of one author's entries in a day tell nothing more. */
export const attestCountMax = 255

// Swarm.
export const swarmNameCharsMax = 64
/** Topics of one swarm; each costs every subscriber a mesh of its own. */
export const shardsMax = 64
/** In a descriptor and in an invitation, each. */
export const addressesMax = 8
/** A relayed WebSocket address with both peer ids and a long host name has about 250. */
export const addressCharsMax = 256
export const descriptorBytesMax = 3_072
/** Two lists of addresses, the descriptor's and the inviter's own. Longer text is not read at all. */
export const invitationBytesMax = 6_144
export const invitationCharsMax = 9_864
export const invitationUsesMax = 1_000
export const nonceBytes = 16
export const pskBytes = 32

/** Chain from the founder to a member: one more than the greatest depth from which one may invite. */
export const chainMax = 4
/** The invitation with the joiner's own part; and a chain with its answer. */
export const joinRequestBytesMax = 8_192
export const joinResponseBytesMax = 2_048
export const helloBytesMax = 2_048
/** What a peer signs of where it listens: `addressesMax` addresses of a usual length, key and signature. */
export const peerRecordBytesMax = 1_024
/** Other peers that one names to another: more than a node needs neighbours to be well connected. */
export const peerRecordsMax = 16
export const peersBytesMax = 17_408
/** Small enough that a page neither holds up a connection nor a node; some 150 records. */
export const pageBytesMax = 65_536
/** The smallest record has about 180 bytes; also the longest list that a reader takes. */
export const pageRecordsMax = 256

// Catch-up by ranges. Whatever the peer sends, a session ends within these.
/** What is younger is still on its way by gossip, and would be found missing on one side or the other. */
export const rangeSettleSeconds = 30
/** Drawn for each session: fingerprints and short ids cannot be aimed at before it is known. */
export const rangeSaltBytes = 16
/** Salted, so that nobody can prepare two sets that agree in them; by chance that is one range in 2^64. */
export const rangeSumBytes = 8
/** Salted. Of 4,096 ids on either side two agree by chance once in 65,000 sessions; the next one has another salt. */
export const rangeShortBytes = 5
/** Room for the ids below, with ranges around them. Twenty rounds, both ways, are 5 MiB. */
export const rangeMessageBytesMax = 131_072
/** Each costs its reader a fingerprint, some 5 µs, and the event loop has 50 ms. */
export const rangesMax = 4_096
/** Short ids in one message, and items that its answer hashes: each costs 1 µs. */
export const rangeIdsMax = 16_384
/** Items of one range that are listed, or hashed for its check, in one piece: 128 KiB of ids. */
export const rangeListMax = 4_096
/** A set of 10^6 is split to its items in 5; the rest is for lists that need several messages. */
export const rangeRoundsMax = 20
/** Records that one session finds the peer to lack; it can ask for more itself. */
export const rangeHaveMax = 16_384
/** Entries asked for at once: what fits into an answer at 1 KiB each. */
export const entryPageMax = 64
/** Their hashes, with heads, and the map around them. */
export const entryPageRequestBytesMax = 2_304
/** A number in a map. */
export const rangeTakenBytesMax = 32
/** Members and retractions stand before 2^32, all other records behind: twice the seconds that there are. */
export const rangePlaceMax = 2 * (secondsMax + 1)
/** Pages of records in one session, 64 KiB each: some 250,000 records. The next session goes on. */
export const rangePagesMax = 1_500

// The replicated set. A member costs every other node at most what these allow.
export const recordAgeDaysMax = 180
export const attestAgeDaysMax = 90
/** Live digests of one author in one shard. */
export const digestAllowance = 4_096
/** Tombstones of one author by CID: four times the digests, since they outlive them. */
export const retractAllowance = 16_384
/** Subjects that one author attests on one day. */
export const attestSubjectsAllowance = 256
/** Members that one member lets in, at one distance from the founder. Every one of them has an allowance of its own. */
export const memberAllowance = 256
/** The founder answers for the swarm as a whole. */
export const founderMemberAllowance = 65_536
/** Records of kinds that this version does not know, of one author. */
export const opaqueAllowance = 256
/** Records whose author is not known as a member yet, all together and of one author. */
export const pendingRecordsMax = 4_096
export const pendingPerAuthorMax = 64
/** Records that are not live but may become so again, kept of one author; what is forgotten comes back by catch-up. */
export const waitingPerAuthorMax = 1_024
