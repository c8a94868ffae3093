using System.Globalization;

namespace Prefork.Reporting;

/// <summary>
/// Errors that come again and again, as long as something is short or wrong: the first is said at once, the others as a number when there have been none for a while.
/// Any thread.
/// </summary>
/// <remarks>The end of a spell is seen by a thread that is there from the start: what runs short may be what .NET needs to start one for a timer.</remarks>
internal sealed class RepeatedErrors(TimeProvider time)
{
    /// <summary>How long there must have been none until a spell of errors is over.</summary>
    internal static readonly TimeSpan Quiet = TimeSpan.FromSeconds(5);

    /// <summary>Sources that are told apart at once. A worker may make as many as it likes.</summary>
    internal const int MostSources = 256;

    private static readonly object s_others = new();

    private readonly Dictionary<object, Spell> _spells = [];

    /// <summary>Sees to it that spells end. Once.</summary>
    internal void Start() => new Thread(Run) { IsBackground = true, Name = "prefork errors" }.UnsafeStart();

    /// <param name="source">What the error is of: equal objects are one source.</param>
    /// <param name="error">The error.</param>
    /// <param name="say">Says it, or the number of those after it.</param>
    internal void Add(object source, Exception error, Action<Exception> say)
    {
        lock (_spells)
        {
            if (_spells.Count >= MostSources && !_spells.ContainsKey(source))
            {
                source = s_others;
            }

            if (_spells.TryGetValue(source, out var spell))
            {
                spell.Count++;
                spell.Last = time.GetTimestamp();
                spell.Error = error;
                spell.Say = say;
                return;
            }

            _spells.Add(source, new Spell(time.GetTimestamp(), error, say));
            Monitor.Pulse(_spells);
        }

        say(error);
    }

    /// <summary>Ends those spells that are over, and returns when the next one may be; null when there is none.</summary>
    internal TimeSpan? EndSpells()
    {
        var over = new List<Spell>();
        TimeSpan? next = null;
        lock (_spells)
        {
            foreach (var (source, spell) in _spells)
            {
                var left = Quiet - time.GetElapsedTime(spell.Last);
                if (left <= TimeSpan.Zero)
                {
                    _spells.Remove(source);
                    over.Add(spell);
                }
                else if (next is null || left < next)
                {
                    next = left;
                }
            }
        }

        foreach (var spell in over.Where(static spell => spell.Count > 1))
        {
            var seconds = Math.Max(1, Math.Round(time.GetElapsedTime(spell.First, spell.Last).TotalSeconds)).ToString(CultureInfo.InvariantCulture);
            spell.Say(new InvalidOperationException($"{spell.Count} times in {seconds} s, and no more now: {spell.Error.Message}", spell.Error));
        }

        return next;
    }

    private void Run()
    {
        while (true)
        {
            var next = EndSpells();
            lock (_spells)
            {
                if (next is not null || _spells.Count == 0)
                {
                    // Never less than a moment: a tick of the clock may be left.
                    Monitor.Wait(_spells, next is { } left ? left + TimeSpan.FromMilliseconds(1) : Timeout.InfiniteTimeSpan);
                }
            }
        }
    }

    private sealed class Spell(long first, Exception error, Action<Exception> say)
    {
        internal long First { get; } = first;

        internal long Last { get; set; } = first;

        internal int Count { get; set; } = 1;

        internal Exception Error { get; set; } = error;

        internal Action<Exception> Say { get; set; } = say;
    }
}
