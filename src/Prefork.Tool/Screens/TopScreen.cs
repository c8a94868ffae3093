using System.Globalization;
using Prefork.Tool.Control;

namespace Prefork.Tool.Screens;

/// <summary>What <c>top</c> shows, and what its keys do: applications, and below them their workers, sorted and scrolled, with totals. Knows nothing of a terminal.</summary>
internal sealed class TopScreen
{
    private const string Help = "q quit   ↑ ↓ PgUp PgDn scroll   sort by: n name, c CPU, m memory, r requests/s, o connections, u uptime";
    private const string ShortHelp = "q quit  ↑ ↓ scroll  sort: n c m r o u";
    private const int LeastWorkerLines = 4;

    private Dictionary<int, Sample> _before = [];
    private List<Row> _rows = [];
    private IReadOnlyList<ApplicationStatus> _applications = [];
    private DateTimeOffset _now;
    private ConsoleKey _sort = ConsoleKey.N;
    private int _top;
    private int _page = 1;

    /// <summary>How it is now. Rates are those since the update before.</summary>
    internal void Update(IReadOnlyList<ApplicationStatus> applications, DateTimeOffset now)
    {
        var rows = new List<Row>();
        var samples = new Dictionary<int, Sample>();
        foreach (var application in applications)
        {
            foreach (var worker in application.Cluster.Workers)
            {
                // Of one that did not start there is nothing to be measured.
                var sample = new Sample(now, worker.ProcessorTime, worker.Requests);
                var before = worker.ProcessId is { } pid && _before.TryGetValue(pid, out var known) ? known : null;
                rows.Add(new Row(application.FullName, worker, sample.PerSecond(before, static sample => sample.Requests), 100 * sample.PerSecond(before, static sample => sample.Processor?.TotalSeconds)));
                if (worker.ProcessId is { } number)
                {
                    samples[number] = sample;
                }
            }
        }

        (_rows, _before, _applications, _now) = (rows, samples, applications, now);
    }

    /// <summary>Whether it is to end.</summary>
    internal bool OnKey(ConsoleKey key)
    {
        switch (key)
        {
            case ConsoleKey.Q:
                return true;
            case ConsoleKey.N or ConsoleKey.C or ConsoleKey.M or ConsoleKey.R or ConsoleKey.O or ConsoleKey.U:
                (_sort, _top) = (key, 0);
                break;
            case ConsoleKey.UpArrow or ConsoleKey.K:
                _top--;
                break;
            case ConsoleKey.DownArrow or ConsoleKey.J:
                _top++;
                break;
            case ConsoleKey.PageUp:
                _top -= _page;
                break;
            case ConsoleKey.PageDown or ConsoleKey.Spacebar:
                _top += _page;
                break;
            case ConsoleKey.Home:
                _top = 0;
                break;
            case ConsoleKey.End:
                _top = int.MaxValue / 2;
                break;
            default:
                break;
        }

        return false;
    }

    /// <summary>Exactly as many lines as the screen has, none wider.</summary>
    internal IReadOnlyList<string> Draw(int width, int height, bool colors)
    {
        var list = ListScreen.Draw(_applications, width, colors, _now).ToList();
        var workers = DrawWorkers(width, colors).ToList();

        // Title, a line between, the workers' titles, totals, help.
        var mostList = Math.Max(2, height - 4 - Math.Min(workers.Count, LeastWorkerLines));
        if (list.Count > mostList)
        {
            list = [.. list.Take(mostList - 1), Columns.Fit($"{list.Count - mostList + 1} more applications: a higher screen shows them", width)];
        }

        _page = Math.Max(1, height - list.Count - 5);
        _top = Math.Clamp(_top, 0, Math.Max(0, _rows.Count - _page));
        var shown = workers.Skip(1).Skip(_top).Take(_page).ToList();
        var part = _rows.Count > shown.Count ? $"{_top + 1}–{_top + shown.Count} of {_rows.Count}   " : "";
        var help = part + (part.Length + Help.Length <= width ? Help : ShortHelp);
        List<string> lines =
        [
            Columns.Fit(Title(), width), .. list, "", workers[0], .. shown, Columns.Fit(Totals(), width),
            .. Enumerable.Repeat("", Math.Max(0, _page - shown.Count)), Columns.Fit(help, width),
        ];
        return [.. lines.Take(height)];
    }

    /// <summary>All of it, for a file or another program.</summary>
    internal IEnumerable<string> DrawAll(int width) => [.. ListScreen.Draw(_applications, width, colors: false, _now), "", .. DrawWorkers(width, colors: false), Totals()];

    private string Title() => $"prefork top   {_now.ToLocalTime():HH:mm:ss}   {Count(_applications.Count, "application")}, {Count(_rows.Count, "worker")}   sorted by {_sort switch
    {
        ConsoleKey.C => "CPU",
        ConsoleKey.M => "memory",
        ConsoleKey.R => "requests/s",
        ConsoleKey.O => "connections",
        ConsoleKey.U => "uptime",
        _ => "name",
    }}";

    private string Totals()
    {
        var requests = Sum(static row => row.RequestsPerSecond);
        var processor = Sum(static row => row.Processor);
        var connections = Figures.Count(Figures.Sum(_rows.Select(static row => row.Worker.Connections)));
        var memory = Figures.Megabytes(Figures.Sum(_rows.Select(static row => row.Worker.ResidentMemory)));
        var all = Figures.Count(Figures.Sum(_rows.Select(static row => row.Worker.Requests)));
        return $"total: {connections} conn, {requests} req/s, {memory}, {processor} % CPU, {all} requests";

        string Sum(Func<Row, double?> figure) => _rows.Exists(row => figure(row) is not null) ? Figures.Number(Math.Round(_rows.Sum(row => figure(row) ?? 0), 1)) : Figures.Unknown;
    }

    private IEnumerable<string> DrawWorkers(int width, bool colors)
    {
        var grid = new Grid(
            new Column("NAME", 0, Least: 8),
            new Column("SLOT", 1),
            new Column("PID", 3),
            new Column("GEN", 9),
            new Column("PHASE", 2),
            new Column("UP", 7),
            new Column("CONN", 6, IsNumber: true),
            new Column("REQUESTS", 8, IsNumber: true),
            new Column("REQ/S", 4, IsNumber: true),
            new Column("MEMORY", 5, IsNumber: true),
            new Column("CPU", 2, IsNumber: true));
        foreach (var row in Sorted())
        {
            var worker = row.Worker;
            grid.Add(
                row.Name, $"{worker.Slot}", worker.ProcessId is { } pid ? $"{pid}" : Figures.Unknown, $"{worker.Generation}", $"{worker.Phase}", Figures.Age(worker.Since, _now),
                Figures.Count(worker.Connections), Figures.Count(worker.Requests), Figures.Known(row.RequestsPerSecond, Figures.Number), Figures.Megabytes(worker.ResidentMemory),
                Figures.Known(row.Processor, static processor => string.Create(CultureInfo.InvariantCulture, $"{processor:0} %")));
        }

        return grid.Draw(width, colors);
    }

    /// <summary>What is most first; workers that are alike stay in the order of their applications and slots.</summary>
    private IEnumerable<Row> Sorted() => _sort switch
    {
        ConsoleKey.C => _rows.OrderByDescending(static row => row.Processor),
        ConsoleKey.M => _rows.OrderByDescending(static row => row.Worker.ResidentMemory),
        ConsoleKey.R => _rows.OrderByDescending(static row => row.RequestsPerSecond),
        ConsoleKey.O => _rows.OrderByDescending(static row => row.Worker.Connections),
        ConsoleKey.U => _rows.OrderBy(static row => row.Worker.Since),
        _ => _rows,
    };

    private static string Count(int count, string what) => $"{count} {what}{(count == 1 ? "" : "s")}";

    /// <summary>A worker's figures at an instant.</summary>
    private sealed record Sample(DateTimeOffset Time, TimeSpan? Processor, long? Requests)
    {
        /// <summary>Null when it is not known, when there is none before, or a worker whose number was another's.</summary>
        internal double? PerSecond(Sample? before, Func<Sample, double?> figure)
            => before is not null && Time > before.Time && figure(this) >= figure(before) ? (figure(this) - figure(before)) / (Time - before.Time).TotalSeconds : null;
    }

    private sealed record Row(string Name, WorkerStatus Worker, double? RequestsPerSecond, double? Processor);
}
