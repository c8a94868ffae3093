using System.Diagnostics;
using System.Globalization;
using Prefork.Tool.UnitTests;

// Random command lines, run in this process: CommandLines [COUNT=500] [SEED]. Ends with 1 when one of them ends otherwise than by a code and a reason.
var count = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 500;
var seed = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : Random.Shared.Next();
var wrong = 0;
var time = Stopwatch.StartNew();
using (var lines = new RandomCommandLines(seed))
{
    for (var i = 0; i < count; i++)
    {
        var words = lines.Next();
        if (await RandomCommandLines.RunAsync(words) is { } why)
        {
            wrong++;
            Console.WriteLine($"line {i}: {string.Join(' ', words.Select(static word => $"<{Uri.EscapeDataString(word)}>"))}\n  {why}");
        }
    }
}

Console.WriteLine($"seed {seed}: {count} command lines in {time.Elapsed.TotalSeconds:0.0} s, {wrong} wrong");
return wrong == 0 ? 0 : 1;
