using System.Globalization;
using Prefork;

namespace ClusterApp;

/// <summary>Settings as name=value words.</summary>
internal static class Settings
{
    internal static void Apply(ClusterSettings settings, IEnumerable<string> words)
    {
        foreach (var word in words.SelectMany(words => words.Split(' ')))
        {
            var (name, value) = (word[..word.IndexOf('=')], word[(word.IndexOf('=') + 1)..]);
            switch (name)
            {
                case "exec":
                    settings.Exec = value;
                    break;
                case "args":
                    settings.Arguments = value.Split(',');
                    break;
                case "execargs":
                    settings.ExecArguments = value.Split(',');
                    break;
                case "inspect":
                    var ports = new Queue<int>(value.Split(',').Select(Number));
                    settings.InspectPort = ports.Dequeue;
                    break;
                case "cwd":
                    settings.WorkingDirectory = value;
                    break;
                case "silent":
                    settings.Silent = bool.Parse(value);
                    break;
                case "uid":
                    settings.UserId = Number(value);
                    break;
                case "gid":
                    settings.GroupId = Number(value);
                    break;
                case "env":
                    settings.Environment = new Dictionary<string, string?> { [value.Split(':')[0]] = value.Split(':')[1] };
                    break;
                case "capacity":
                    settings.LaneCapacity = Number(value);
                    break;
                case "out":
                    settings.StartInRotation = !bool.Parse(value);
                    break;
                case "handoff":
                    settings.HandoffTimeout = TimeSpan.FromMilliseconds(Number(value));
                    break;
                case "grace":
                    settings.ListenerGracePeriod = TimeSpan.FromMilliseconds(Number(value));
                    break;
                case "files":
                    settings.FileSystemTimeout = TimeSpan.FromMilliseconds(Number(value));
                    break;
                case "shutdown":
                    settings.ShutdownTimeout = TimeSpan.FromMilliseconds(Number(value));
                    break;
                case "maxmessage":
                    settings.MaxMessageSize = Number(value);
                    break;
                case "expected":
                    settings.ExpectedWorkers = Number(value);
                    break;
                case "maxkept":
                    settings.MaxKeptMessages = Number(value);
                    break;
                case "serialization":
                    settings.Serialization = Enum.Parse<ChannelSerialization>(value, ignoreCase: true);
                    break;
                case "stdio":
                    settings.Stdio = [.. value.Split(',').Select(entry => entry switch
                    {
                        "pipe" => Stdio.Pipe,
                        "ignore" => Stdio.Ignore,
                        "ipc" => Stdio.Channel,
                        _ => Stdio.Inherit,
                    })];
                    break;
                default:
                    throw new ArgumentException($"no setting {name}");
            }
        }
    }

    private static int Number(string value) => int.Parse(value, CultureInfo.InvariantCulture);
}
