using System.Globalization;

namespace Prefork;

/// <summary>
/// Errors that come again and again, as long as something is short or wrong: the first is said at once, the others as a number when there have been none for a while.
/// Any thread.
/// </summary>
internal sealed class RepeatedErrors(TimeProvider time)
{
    /// <summary>How long there must have been none until a spell of errors is over.</summary>
    internal static readonly TimeSpan Quiet = TimeSpan.FromSeconds(5);

    private readonly Dictionary<object, Spell> _spells = [];

    /// <param name="source">What the error is of: equal objects are one source.</param>
    /// <param name="error">The error.</param>
    /// <param name="say">Says it, or the number of those after it.</param>
    internal void Add(object source, Exception error, Action<Exception> say)
    {
        lock (_spells)
        {
            if (_spells.TryGetValue(source, out var spell))
            {
                spell.Count++;
                spell.Last = time.GetTimestamp();
                spell.Error = error;
                spell.Say = say;
                return;
            }

            var begun = new Spell(time.GetTimestamp(), error, say);
            _spells.Add(source, begun);
            begun.Timer = time.CreateTimer(_ => EndIfQuiet(source, begun), null, Quiet, Timeout.InfiniteTimeSpan);
        }

        say(error);
    }

    private void EndIfQuiet(object source, Spell spell)
    {
        lock (_spells)
        {
            var left = Quiet - time.GetElapsedTime(spell.Last);
            if (left > TimeSpan.Zero)
            {
                spell.Timer!.Change(left, Timeout.InfiniteTimeSpan);
                return;
            }

            _spells.Remove(source);
            spell.Timer!.Dispose();
        }

        if (spell.Count > 1)
        {
            var seconds = Math.Max(1, Math.Round(time.GetElapsedTime(spell.First, spell.Last).TotalSeconds)).ToString(CultureInfo.InvariantCulture);
            spell.Say(new InvalidOperationException($"{spell.Count} times in {seconds} s, and no more now: {spell.Error.Message}", spell.Error));
        }
    }

    private sealed class Spell(long first, Exception error, Action<Exception> say)
    {
        internal long First { get; } = first;

        internal long Last { get; set; } = first;

        internal int Count { get; set; } = 1;

        internal Exception Error { get; set; } = error;

        internal Action<Exception> Say { get; set; } = say;

        internal ITimer? Timer { get; set; }
    }
}
