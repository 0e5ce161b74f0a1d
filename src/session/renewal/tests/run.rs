//! One way of some processes through a renewal.

use std::{
    future::pending,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use super::{
    paths::Paths,
    stage::{End, HORIZON, LIMITS, Process, Role, Stage},
    view::number,
    world::{Call, Fate, World},
};

/// A run that has come to its end.
pub(super) struct Ended {
    pub(super) world: Arc<World>,
    pub(super) moves: Vec<Move>,
    pub(super) ends: Vec<End>,
    /// Whether it took longer than a claim is waited for.
    pub(super) is_slow: bool,
    pub(super) was_deleted: bool,
    /// The number of the tokens in the store.
    pub(super) stored: Option<u32>,
    /// What a later attempt came to, with which nothing went wrong.
    pub(super) later: End,
}

/// One step of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Move {
    /// A process gets what it waits for, or does not.
    Answer(usize, Call, Fate),
    /// The sleep of a process is over.
    Wake(usize),
    /// A call takes effect that was given up.
    Arrive(usize),
    /// Nothing happens for two minutes: all processes are slow, or one thinks so.
    Pause,
    /// What is still on its way never arrives.
    Stop,
}

impl Move {
    pub(super) fn is_fault(self) -> bool {
        match self {
            Self::Answer(_, _, fate) => fate != Fate::Done,
            Self::Pause => true,
            Self::Wake(_) | Self::Arrive(_) | Self::Stop => false,
        }
    }
}

struct Run<'a> {
    stage: &'a Stage,
    world: &'a World,
    processes: Vec<Process>,
    /// In seconds since the start.
    time: u16,
    moves: Vec<Move>,
}

impl Stage {
    /// Goes one way to its end. None if the rest of it is known. An error is a violation, whatever else
    /// happens.
    pub(super) async fn run(&self, paths: &mut Paths) -> Result<Option<Ended>, String> {
        let mut run = Run::start(self);
        loop {
            run.is_sound()?;
            let options = run.options();
            let next = match options.as_slice() {
                [] => return run.finish().await.map(Some),
                [only] => *only,
                _ => match paths.choose(|| run.fingerprint(), options.len()) {
                    Some(choice) => options[choice],
                    None => return Ok(None),
                },
            };
            run.take(next).await;
        }
    }
}

impl<'a> Run<'a> {
    fn start(stage: &'a Stage) -> Self {
        stage.world.reset(&stage.key, &stage.value, LIMITS.idle);
        let roles = stage.scenario.processes.iter().enumerate();
        let processes = roles.map(|(index, role)| stage.process(index, *role));
        let mut run = Self {
            processes: processes.collect(),
            stage,
            world: &stage.world,
            time: 0,
            moves: Vec::new(),
        };
        (0..run.processes.len()).for_each(|process| run.poll(process));
        run
    }

    fn is_sound(&self) -> Result<(), String> {
        let violation = self.world.state().violation.clone();
        let violation = violation.or_else(|| {
            (self.moves.len() > TOO_LONG).then(|| "somebody waits for ever".to_owned())
        });
        violation.map_or(Ok(()), |what| Err(format!("{what}: {:?}", self.moves)))
    }

    fn options(&self) -> Vec<Move> {
        let has_gone_wrong = self.moves.iter().filter(|step| step.is_fault()).count();
        let may_go_wrong = has_gone_wrong < self.stage.scenario.faults;
        if let Some(index) = self.about_to_prepare() {
            let mut options = vec![Move::Answer(index, Call::Prepare, Fate::Done)];
            if may_go_wrong {
                options.extend([Move::Answer(index, Call::Prepare, Fate::Lost), Move::Pause]);
            }
            return options;
        }
        let under_way = self.world.under_way();
        let mut options = Vec::new();
        for (index, process) in self.processes.iter().enumerate() {
            if process.end.is_some() {
                continue;
            }
            let Some(call) = self.world.call_of(index) else {
                options.push(Move::Wake(index));
                continue;
            };
            options.push(Move::Answer(index, call, Fate::Done));
            if may_go_wrong {
                let faults = call.faults().iter();
                options.extend(faults.map(|fate| Move::Answer(index, call, *fate)));
            }
        }
        if may_go_wrong && !options.is_empty() {
            options.push(Move::Pause);
        }
        let is_over = options.is_empty() && self.moves.last() != Some(&Move::Stop);
        if is_over && !under_way.is_empty() {
            options.push(Move::Stop);
        }
        if self.moves.last() != Some(&Move::Stop) {
            options.extend(under_way.into_iter().map(Move::Arrive));
        }
        options
    }

    /// A process that does what is nobody else's business: it makes no difference who goes on meanwhile.
    fn about_to_prepare(&self) -> Option<usize> {
        let processes = 0..self.processes.len();
        let waits = |index: &usize| self.world.call_of(*index) == Some(Call::Prepare);
        processes.into_iter().find(waits)
    }

    /// All that the future depends on: what each process has learned, in which order the store and the
    /// provider were changed, what is on its way, what time it is. (Two calls that do not change the store
    /// lead to the same whichever comes first, and have the same epoch.) Which of two processes it was
    /// that do the same makes no difference.
    fn fingerprint(&self) -> Vec<u8> {
        let roles = self.stage.scenario.processes.iter();
        let logs = roles.enumerate().map(|(index, role)| {
            let mut log = vec![*role as u8];
            log.extend(self.world.log_of(index));
            log
        });
        let mut logs: Vec<_> = logs.collect();
        logs.sort();
        logs.push(self.world.log_of_wire());
        logs.push(self.time.to_be_bytes().to_vec());
        let lengths = logs
            .iter()
            .map(|log| u8::try_from(log.len()).expect("few moves"));
        let lengths: Vec<_> = lengths.collect();
        [lengths, logs.concat()].concat()
    }

    async fn take(&mut self, next: Move) {
        self.moves.push(next);
        match next {
            Move::Answer(process, _, fate) => {
                if fate == Fate::LostLate {
                    self.pass(LONGER_THAN_ANY_PATIENCE).await;
                }
                self.world.decide(process, fate, self.time);
                self.poll(process);
                if fate == Fate::Dies {
                    self.processes[process].end = Some(End::Crashed);
                    self.processes[process].future = Box::pin(pending());
                }
            }
            Move::Wake(process) => {
                if self.processes[process].asleep == Some(self.time) {
                    self.pass(1).await;
                }
                self.world.note_awake(process, self.time);
                self.poll(process);
            }
            Move::Arrive(index) => self.world.arrive(index),
            Move::Pause => self.pass(PAUSE).await,
            Move::Stop => {}
        }
    }

    /// Lets a process go on up to where it waits.
    fn poll(&mut self, process: usize) {
        let entry = &mut self.processes[process];
        if let Poll::Ready(end) = entry
            .future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            entry.end = Some(end);
        }
        let sleeps = self.world.call_of(process).is_none();
        entry.asleep = sleeps.then_some(self.time);
    }

    async fn pass(&mut self, seconds: u16) {
        let time = Duration::from_secs(seconds.into());
        self.world.clock.advance(time);
        tokio::time::advance(time).await;
        self.time += seconds;
    }

    /// What there is in the end, and what a later attempt comes to.
    async fn finish(mut self) -> Result<Ended, String> {
        let Stage { world, key, .. } = self.stage;
        let process = self.processes.len();
        let stored = world.stored(key).and_then(|stored| {
            let session = self.stage.sessions[process].open(key, &stored.value);
            session.map(|session| number(session.tokens()))
        });
        let ends = self.processes.iter();
        let ends = ends.map(|process| process.end.expect("all are over"));
        let ends = ends.collect();
        let moves = self.moves.clone();
        let was_deleted = world.state().is_deleted;
        let is_slow = Duration::from_secs(self.time.into()) >= HORIZON;

        self.processes
            .push(self.stage.process(process, Role::Renews));
        self.poll(process);
        let later = loop {
            self.is_sound()?;
            if let Some(end) = self.processes[process].end {
                break end;
            }
            let next = match world.call_of(process) {
                Some(call) => Move::Answer(process, call, Fate::Done),
                None => Move::Wake(process),
            };
            self.take(next).await;
        };
        Ok(Ended {
            world: Arc::clone(world),
            moves,
            ends,
            is_slow,
            was_deleted,
            stored,
            later,
        })
    }
}

/// Longer than a claim is waited for, and longer than new tokens are tried to be kept.
const PAUSE: u16 = 120;
const LONGER_THAN_ANY_PATIENCE: u16 = 61;
const TOO_LONG: usize = 200;
