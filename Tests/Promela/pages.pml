/* Pages that are written, sealed, pinned and claimed again, while a generation is cut and threads come, exit and die.
 *
 * What Sources/TraceCore/Arena and Generations do, step by step, on a memory on which all see all stores in one order: the orders
 * on weaker ones are what Tests/Checker is for. Any page without pins may be claimed, not only the oldest: all that the
 * real policy allows, and more.
 *
 * With a name of those in #ifdef defined, a step is done wrongly; scripts/promela shows that each is noticed.
 */
#define PAGES 3
#ifndef EVENTS
#define EVENTS 3 /* of each thread */
#endif
#define ROOM 2 /* events in a page */
#define LANES 2
#define THREADS 3
#define INDICES 9 /* THREADS * EVENTS: of a lane at most */

mtype = { free, claiming, owned, sealed };

mtype phase[PAGES] = free;
byte pins[PAGES];
/* Headers, plain data. */
byte laneOf[PAGES];
byte base[PAGES];
byte endOf[PAGES];
/* Records, plain data: lane and index of the event. */
byte record[PAGES * ROOM];

/* A lane's position is one word: index, and how many events of the current page lie before it. */
byte position[LANES];
byte filled[LANES];
byte tag[LANES];
byte mark[LANES];
byte holding[LANES]; /* the page + 1 */
byte owner[LANES];   /* the thread + 1, 0: free, 9: a sweeper's */
bool isDead[THREADS];

byte generation;
byte cut[LANES];
bool isCut;
/* The position of the other lane when an event began: it came before that event. */
byte before[LANES * INDICES];
/* Positions when the generation was ended. */
byte atEnd[LANES];

#define CODE(lane, index) ((lane) * INDICES + (index) + 1)

inline pin(page, isPinned) {
  atomic {
#ifdef PIN_CLAIMING
    isPinned = phase[page] != free;
#else
    isPinned = phase[page] == owned || phase[page] == sealed;
#endif
    if :: isPinned -> pins[page]++ :: else fi
  }
}

inline unpin(page) { atomic { assert(pins[page] > 0); pins[page]-- } }

inline seal(page, lane) {
  endOf[page] = position[lane];
#ifdef PLAIN_SEAL
  old = pins[page];
  atomic { phase[page] = sealed; pins[page] = old }
#else
  atomic { assert(phase[page] == owned); phase[page] = sealed }
#endif
}

/* A thread that takes a lane, emits, and exits or dies at any step. */
proctype Thread(byte self) {
  byte lane, page, event, slot, now, old;
end: /* Where no lane is free, it waits. */
  atomic { /* A compare-exchange. */
    if
    :: owner[0] == 0 -> lane = 0
    :: owner[1] == 0 -> lane = 1
    fi;
    owner[lane] = self + 1
  }
  do
  :: event < EVENTS ->
     before[lane * INDICES + position[lane]] = position[1 - lane];
     now = generation;
     if
     :: now != tag[lane] ->
#ifdef TAG_BEFORE_MARK
        tag[lane] = now;
        mark[lane] = position[lane]
#else
        mark[lane] = position[lane];
        tag[lane] = now
#endif
     :: else
     fi;
     slot = filled[lane];
     if
     :: holding[lane] == 0 || slot == ROOM ->
        if
        :: holding[lane] != 0 ->
           page = holding[lane] - 1;
           seal(page, lane);
           holding[lane] = 0
        :: else
        fi;
        page = PAGES;
        atomic {
          if
#ifdef BLIND_CLAIM
          :: phase[0] == free || phase[0] == sealed -> page = 0
          :: phase[1] == free || phase[1] == sealed -> page = 1
          :: phase[2] == free || phase[2] == sealed -> page = 2
#else
          :: (phase[0] == free || phase[0] == sealed) && pins[0] == 0 -> page = 0
          :: (phase[1] == free || phase[1] == sealed) && pins[1] == 0 -> page = 1
          :: (phase[2] == free || phase[2] == sealed) && pins[2] == 0 -> page = 2
#endif
          :: else
          fi;
          if :: page < PAGES -> phase[page] = claiming :: else fi
        }
        if
        :: page == PAGES -> position[lane]++; event++; goto next /* lost */
        :: else
        fi;
#ifdef OPEN_FIRST
        phase[page] = owned;
#endif
        laneOf[page] = lane;
        base[page] = position[lane];
        endOf[page] = 0;
#ifndef OPEN_FIRST
        phase[page] = owned;
#endif
        holding[lane] = page + 1;
        slot = 0
     :: else -> page = holding[lane] - 1
     fi;
#ifdef POSITION_FIRST
     atomic { position[lane]++; filled[lane] = slot + 1 }
     record[page * ROOM + slot] = CODE(lane, position[lane] - 1);
#else
     record[page * ROOM + slot] = CODE(lane, position[lane]);
     atomic { position[lane]++; filled[lane] = slot + 1 }
#endif
     event++;
next: skip
  :: event == EVENTS -> break
  :: isDead[self] = true; goto gone /* without a word */
  od;
#ifdef FREE_FIRST
  old = holding[lane];
  owner[lane] = 0;
  if :: old != 0 -> page = old - 1; seal(page, lane); holding[lane] = 0 :: else fi;
#else
  if
  :: holding[lane] != 0 -> page = holding[lane] - 1; seal(page, lane); holding[lane] = 0
  :: else
  fi;
  owner[lane] = 0;
#endif
gone: skip
}

/* Dies in the middle of taking another page: between the seal and the word that tells which page it holds. */
proctype Dying(byte self) {
  byte lane, page, old;
  atomic {
    if
    :: owner[0] == 0 -> lane = 0
    :: owner[1] == 0 -> lane = 1
    fi;
    owner[lane] = self + 1
  }
  if
  :: holding[lane] == 0 && phase[0] == free ->
     atomic { if :: phase[0] == free -> phase[0] = claiming; page = 0 :: else -> page = PAGES fi }
     if
     :: page < PAGES ->
        laneOf[page] = lane;
        base[page] = position[lane];
        phase[page] = owned;
        holding[lane] = page + 1;
        seal(page, lane)
     :: else
     fi
  :: else
  fi;
  isDead[self] = true
}

/* Frees the lane of a thread that died. */
proctype Sweeper() {
  byte lane, page, held, old;
  bool isPinned;
  do
  :: lane < LANES ->
     held = 0;
     atomic {
       if
       :: owner[lane] > 0 && owner[lane] < 9 ->
          if :: isDead[owner[lane] - 1] -> owner[lane] = 9; held = 1 :: else fi
       :: else
       fi
     }
     if
     :: held == 1 ->
        held = holding[lane];
        if
        :: held != 0 ->
           page = held - 1;
#ifdef SWEEP_BLINDLY
           endOf[page] = position[lane];
           phase[page] = sealed;
#else
           pin(page, isPinned);
           if
           :: isPinned ->
              if
              :: phase[page] == owned && laneOf[page] == lane -> seal(page, lane)
              :: else
              fi;
              unpin(page)
           :: else
           fi;
#endif
           holding[lane] = 0
        :: else
        fi;
        owner[lane] = 0
     :: else
     fi;
     lane++
  :: else -> break
  od
}

/* Ends a generation: the positions of all lanes, again until nothing has changed. */
proctype Advance() {
  byte lane, found;
  bool isSettled;
  atomic { atEnd[0] = position[0]; atEnd[1] = position[1] }
  generation = 1;
  byte passes;
  do
  :: isSettled -> break
  :: else ->
     isSettled = passes > 0;
     passes = 1;
     lane = 0;
     do
     :: lane < LANES ->
        found = position[lane];
        if :: tag[lane] == 1 -> found = mark[lane] :: else fi;
        if :: found != cut[lane] -> cut[lane] = found; isSettled = false :: else fi;
        lane++
     :: else -> break
     od
  od;
  /* Whatever had ended before is inside, and an event never without those that came before it. */
  atomic {
    assert(cut[0] >= atEnd[0] && cut[1] >= atEnd[1]);
    for (lane : 0 .. LANES - 1) {
      for (found : 0 .. INDICES - 1) {
        if
        :: found < cut[lane] -> assert(before[lane * INDICES + found] <= cut[1 - lane])
        :: else
        fi
      }
    }
    isCut = true
  }
}

/* Reads every page in place: what is published, or what lies before the cut. */
proctype Reader(bool atCut) {
  byte page, lane, first, last, end;
  mtype state;
  bool isPinned;
  if :: atCut -> isCut :: else fi;
  do
  :: page < PAGES ->
     pin(page, isPinned);
     if
     :: isPinned ->
        lane = laneOf[page];
        first = base[page];
#ifdef STATE_FIRST
        state = phase[page];
#endif
        if :: atCut -> end = cut[lane] :: else -> end = position[lane] fi;
#ifndef STATE_FIRST
        state = phase[page];
#endif
        last = end;
#ifndef NO_SEALED_END
        if :: state == sealed && endOf[page] < end -> last = endOf[page] :: else fi;
#endif
        do
        :: first < last ->
           assert(first - base[page] < ROOM);
           assert(record[page * ROOM + first - base[page]] == CODE(lane, first));
           first++
        :: else -> break
        od;
        unpin(page)
     :: else
     fi;
     page++
  :: else -> break
  od
}

init {
  atomic {
#ifdef WITH_SWEEP
    run Dying(0);
    run Thread(1);
    run Sweeper();
#else
    run Thread(0);
    run Thread(1);
#ifdef WITH_THIRD
    run Thread(2);
#endif
#endif
#ifdef WITH_CUT
    run Advance();
#ifndef WITHOUT_READER
    run Reader(true)
#endif
#else
    run Reader(false)
#endif
  }
}
