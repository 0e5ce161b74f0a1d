//! The language of Redis (RESP2), as far as a test speaks it.

/// What goes over the connection, in either direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Text(Vec<u8>),
    Number(i64),
    Error(String),
    List(Vec<Value>),
    Nothing,
}

impl Value {
    /// The first value of `bytes` and its length there, once it has arrived as a whole.
    pub(crate) fn read(bytes: &[u8]) -> Option<(Self, usize)> {
        let end = bytes.windows(2).position(|pair| pair == b"\r\n")?;
        let line = std::str::from_utf8(&bytes[1..end]).expect("a first line is ASCII");
        let mut used = end + 2;
        let number = || line.parse::<i64>().expect("a number");
        let value = match bytes[0] {
            b'+' => Self::Text(line.into()),
            b'-' => Self::Error(line.to_owned()),
            b':' => Self::Number(number()),
            b'$' => match usize::try_from(number()) {
                Err(_) => Self::Nothing,
                Ok(length) => {
                    let text = bytes.get(used..used + length + 2)?;
                    used += text.len();
                    Self::Text(text[..length].to_vec())
                }
            },
            b'*' => match usize::try_from(number()) {
                Err(_) => Self::Nothing,
                Ok(length) => {
                    let mut list = Vec::with_capacity(length);
                    for _ in 0..length {
                        let (value, more) = Self::read(&bytes[used..])?;
                        used += more;
                        list.push(value);
                    }
                    Self::List(list)
                }
            },
            other => panic!("not RESP2: {:?}", char::from(other)),
        };
        Some((value, used))
    }

    /// A command as it is sent.
    pub(crate) fn command(words: &[&str]) -> Vec<u8> {
        let head = format!("*{}\r\n", words.len());
        let words = words
            .iter()
            .map(|word| format!("${}\r\n{word}\r\n", word.len()));
        [head].into_iter().chain(words).collect::<String>().into()
    }

    /// The words of a command.
    pub(crate) fn words(&self) -> Vec<&[u8]> {
        let Self::List(words) = self else {
            panic!("not a command: {self:?}");
        };
        words.iter().map(Self::text).collect()
    }

    pub(crate) fn text(&self) -> &[u8] {
        match self {
            Self::Text(text) => text,
            other => panic!("not a text: {other:?}"),
        }
    }

    pub(crate) fn number(&self) -> i64 {
        match self {
            Self::Number(number) => *number,
            other => panic!("not a number: {other:?}"),
        }
    }
}
