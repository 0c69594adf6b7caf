//! Mutations: small damage, pieces of other seeds, and growth.

/// Words that the readers here know, so that chance need not find them.
const WORDS: [&[u8]; 32] = [
    b"-----BEGIN CERTIFICATE-----\n",
    b"-----END CERTIFICATE-----\n",
    b"-----BEGIN PRIVATE KEY-----\n",
    b"-----BEGIN EC PRIVATE KEY-----\n",
    b"\x30\x80",
    b"\x30\x84\xff\xff\xff\xff",
    b"\x04\x82\xff\xff",
    b"\x00\x00",
    b"{{ secret(\"a\") }}",
    b"{% for x in range(100000) %}",
    b"{% endfor %}",
    b"{% set x = ",
    b"{% macro m(x) %}{{ m(x) }}{% endmacro %}",
    b"{%- if ",
    b" | json | b64encode",
    b"((((",
    b"[[[[",
    b"{\"a\":",
    b"\\ud800",
    b"1e999999",
    b"&a ",
    b"*a ",
    b"<<: ",
    b"!!binary ",
    b"- ",
    b": |\n",
    b"---\n",
    b"\t",
    b"\r\n",
    b"\xef\xbb\xbf",
    b"\xff",
    b"2147483647",
];

/// Characters that mean something to one of the readers.
const SIGNS: &[u8] = b"0123456789-+.eE\"'\\/{}[]():,#&*!|>% \n";

/// Makes inputs out of seeds, the same ones for the same start.
pub(crate) struct Mutator<'s> {
    state: u64,
    seeds: &'s [Vec<u8>],
}

impl<'s> Mutator<'s> {
    /// Takes where chance begins, and seeds, at least one.
    pub(crate) fn new(start: u64, seeds: &'s [Vec<u8>]) -> Self {
        Self {
            state: start.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            seeds,
        }
    }

    /// The next input, of at most `largest` bytes.
    pub(crate) fn next(&mut self, largest: usize) -> Vec<u8> {
        let seeds = self.seeds;
        let mut input = seeds[self.below(seeds.len())].clone();
        for _ in 0..=self.below(8) {
            self.mutate(&mut input);
        }
        input.truncate(largest);
        input
    }

    fn mutate(&mut self, input: &mut Vec<u8>) {
        let at = self.below(input.len() + 1);
        match self.below(9) {
            0 if at < input.len() => input[at] ^= 1 << self.below(8),
            1 if at < input.len() => input[at] = self.byte(),
            2 => {
                let word = WORDS[self.below(WORDS.len())];
                input.splice(at..at, word.iter().copied());
            }
            3 => {
                let end = self.end(at, input.len());
                input.drain(at..end);
            }
            4 => {
                let end = self.end(at, input.len());
                let piece = input[at..end].to_vec();
                let times = 1 + self.below(40);
                input.splice(at..at, piece.repeat(times));
            }
            5 => {
                let seeds = self.seeds;
                let other = &seeds[self.below(seeds.len())];
                let from = self.below(other.len() + 1);
                let to = self.end(from, other.len());
                input.splice(at..at, other[from..to].iter().copied());
            }
            6 => input.truncate(at),
            7 => input.insert(at, SIGNS[self.below(SIGNS.len())]),
            _ => input.extend(std::iter::repeat_n(b'A', self.below(64))),
        }
    }

    /// A place behind `from`, near it more often than not.
    fn end(&mut self, from: usize, len: usize) -> usize {
        let longest = if self.below(4) == 0 { len } else { 16 };
        (from + self.below(longest + 1)).min(len)
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).expect("below 256")
    }

    /// xorshift64* (Vigna, 2016): even enough to break things.
    fn below(&mut self, bound: usize) -> usize {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        let random = self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(random).expect("31 bits") % bound.max(1)
    }
}
