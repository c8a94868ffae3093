using System.Globalization;

namespace Prefork.Tool;

/// <summary>
/// Lines that a worker can cause again and again. Each is said once; while it repeats it is counted, and when it has stopped, or a minute is over, it is said how often
/// it came. A source may bring <see cref="MostLines"/> different lines a minute, and further ones are only counted. So neither the log nor the memory grows by a worker's doing.
/// </summary>
internal sealed class RepeatedLines : IDisposable
{
    internal const int MostLines = 20;

    /// <summary>Sources beyond these are one.</summary>
    internal const int MostSources = 64;

    private const string Others = "others";
    private static readonly TimeSpan s_tick = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_quiet = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Source> _sources = [];
    private readonly Action<string> _say;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;

    internal RepeatedLines(Action<string> say, TimeProvider time)
    {
        _say = say;
        _time = time;
        _timer = time.CreateTimer(_ => Sum(isOver: false), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <param name="from">Whose bound it counts for, such as <c>worker 3</c>.</param>
    /// <param name="line">What to say; its length has a bound already.</param>
    internal void Say(string from, string line)
    {
        lock (_lock)
        {
            var now = _time.GetTimestamp();
            from = _sources.Count < MostSources || _sources.ContainsKey(from) ? from : Others;
            if (!_sources.TryGetValue(from, out var source))
            {
                _sources.Add(from, source = new Source(now));
                if (_sources.Count == 1)
                {
                    _timer.Change(s_tick, Timeout.InfiniteTimeSpan);
                }
            }

            if (source.Lines.TryGetValue(line, out var known))
            {
                known.Add(now);
                return;
            }

            if (source.Said == MostLines)
            {
                source.LeftOut ??= new Times(now);
                source.LeftOut.Add(now);
                return;
            }

            source.Said++;
            source.Lines.Add(line, new Times(now) { Count = 1, Told = 1 });
        }

        _say(line);
    }

    /// <summary>Says what has been counted until now.</summary>
    public void Dispose()
    {
        _timer.Dispose();
        Sum(isOver: true);
    }

    private void Sum(bool isOver)
    {
        var lines = new List<string>();
        lock (_lock)
        {
            var now = _time.GetTimestamp();
            foreach (var (name, source) in _sources.ToArray())
            {
                var isMinute = isOver || _time.GetElapsedTime(source.From, now) >= s_minute;
                foreach (var (line, times) in source.Lines.ToArray())
                {
                    var isQuiet = isOver || _time.GetElapsedTime(times.Last, now) >= s_quiet;
                    if ((isQuiet || isMinute) && times.Count > times.Told)
                    {
                        lines.Add($"{line}: {Describe(times)}");
                    }

                    if (isQuiet)
                    {
                        source.Lines.Remove(line);
                    }
                    else if (isMinute)
                    {
                        // It goes on, and is said no more than once a minute.
                        source.Lines[line] = new Times(now);
                    }
                }

                if (source.LeftOut is { } leftOut && (isMinute || _time.GetElapsedTime(leftOut.Last, now) >= s_quiet))
                {
                    lines.Add($"{name}: further lines left out: {Describe(leftOut)}");
                    source.LeftOut = null;
                }

                if (isMinute)
                {
                    source.From = now;
                    source.Said = source.Lines.Count;
                    if (source.Said == 0)
                    {
                        _sources.Remove(name);
                    }
                }
            }

            if (_sources.Count > 0 && !isOver)
            {
                _timer.Change(s_tick, Timeout.InfiniteTimeSpan);
            }
        }

        lines.ForEach(_say);
    }

    private string Describe(Times times)
        => string.Create(CultureInfo.InvariantCulture, $"{times.Count} times in {Math.Ceiling(_time.GetElapsedTime(times.First, times.Last).TotalSeconds):0} s");

    private sealed class Source(long from)
    {
        internal long From { get; set; } = from;

        internal Dictionary<string, Times> Lines { get; } = [];

        /// <summary>How many different lines in this minute.</summary>
        internal int Said { get; set; }

        internal Times? LeftOut { get; set; }
    }

    /// <summary>How often, and when for the first and the last time.</summary>
    private sealed class Times(long first)
    {
        internal long First { get; } = first;

        internal long Last { get; private set; } = first;

        internal int Count { get; set; }

        /// <summary>Of them, those that have been said one by one.</summary>
        internal int Told { get; init; }

        internal void Add(long now)
        {
            Last = now;
            Count++;
        }
    }
}
